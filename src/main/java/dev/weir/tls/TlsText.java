package dev.weir.tls;

/** Text that came from a certificate or a peer, made fit for a log line or an error page. */
final class TlsText {
  private static final int MAX_CHARS = 200;

  private TlsText() {}

  /** Printable ASCII less markup characters, cut at a bounded length. */
  static String printable(String text) {
    StringBuilder clean = new StringBuilder(Math.min(text.length(), MAX_CHARS));
    for (int i = 0; i < text.length(); i++) {
      if (clean.length() == MAX_CHARS) {
        return clean.append("...").toString();
      }
      char c = text.charAt(i);
      boolean plain = c >= 0x20 && c < 0x7f && c != '<' && c != '>' && c != '&';
      clean.append(plain ? c : '?');
    }
    return clean.toString();
  }
}
