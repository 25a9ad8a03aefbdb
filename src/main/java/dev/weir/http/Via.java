package dev.weir.http;

import java.util.List;

/** The Via field (RFC 9110 7.6.3): which intermediaries a message has passed. */
public final class Via {
  private Via() {}

  /**
   * Adds this node at the end of the list.
   *
   * @param protocol the version the message was received with, as {@code 1.1} or {@code 2}
   */
  public static Headers append(Headers headers, String protocol, String pseudonym) {
    String passed = headers.combined("Via");
    String own = protocol + " " + pseudonym;
    return headers.with("Via", passed == null || passed.isBlank() ? own : passed + ", " + own);
  }

  /** Whether a message has been here already. */
  public static boolean hasPassed(Headers headers, String pseudonym) {
    List<String> lines = headers.all("Via");
    for (String line : lines) {
      for (String member : FieldSyntax.members(line, ',')) {
        String[] words = member.split("[ \t]+", 3);
        if (words.length >= 2 && words[1].equalsIgnoreCase(pseudonym)) {
          return true;
        }
      }
    }
    return false;
  }
}
