package dev.weir.store.elastic;

/**
 * Why the servers did not do what was asked, in words without secrets.
 *
 * @param text one sentence, control characters escaped
 */
record Trouble(Kind kind, String text) {
  /** What it means for trying again. */
  enum Kind {
    /** No answer, or one that is no answer: it may have been done or not. */
    UNREACHABLE(true),
    /** Told to come back later: 429, 502, 503, 504. */
    BUSY(true),
    /** The index is not there. */
    NO_INDEX(true),
    /** Read-only by an operator's hand or by a full disk. */
    BLOCKED(false),
    /** Everything else that the servers refuse; asking again gives the same. */
    REFUSED(false);

    private final boolean passing;

    Kind(boolean passing) {
      this.passing = passing;
    }

    /** Whether a later try may succeed. */
    boolean passing() {
      return passing;
    }

    /** Whether it tells that the servers as a whole are not well. */
    boolean outage() {
      return this == UNREACHABLE || this == BUSY;
    }
  }

  private static final int MAX_CHARS = 300;

  static Trouble of(Kind kind, String text) {
    return new Trouble(kind, plain(text));
  }

  /** Of bounded length and without control characters, for logs. */
  static String plain(String text) {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < text.length() && i < MAX_CHARS; i++) {
      char each = text.charAt(i);
      plain.append(Character.isISOControl(each) ? ' ' : each);
    }
    return plain.toString();
  }
}
