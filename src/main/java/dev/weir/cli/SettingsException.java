package dev.weir.cli;

/** A setting that cannot be used: one sentence with its place and the form that is expected. */
final class SettingsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  SettingsException(String message) {
    super(message);
  }
}
