package dev.weir.mirror.links;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Every URL in a text of no known format, as a URL. One ends where none can go on (RFC 3986), and
 * before brackets and quotes, which delimit it more often than they are part of it. Everything else
 * stays octet by octet, whatever the text is encoded in.
 */
final class TextLinks implements LinkRewriter {
  private static final Pattern URL =
      Pattern.compile("https?://[A-Za-z0-9._:\\[\\]-]++(?:[/?#][^\\s\"'<>()\\[\\]{}|\\\\^`]*+)?");

  @Override
  public byte[] rewrite(byte[] document, Charset charset, InsideLinks links) {
    String text = new String(document, StandardCharsets.ISO_8859_1);
    Matcher urls = URL.matcher(text);
    StringBuilder inside = new StringBuilder(text.length() + text.length() / 8);
    int end = 0;
    while (urls.find()) {
      String url = links.url(urls.group());
      if (url != null) {
        inside.append(text, end, urls.start()).append(url);
        end = urls.end();
      }
    }
    inside.append(text, end, text.length());
    return inside.toString().getBytes(StandardCharsets.ISO_8859_1);
  }
}
