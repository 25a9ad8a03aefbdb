package dev.weir.rules;

/** A rule file that cannot be used; the message names file, line, rule and what was expected. */
public final class RuleFileException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public RuleFileException(String message) {
    super(message);
  }
}
