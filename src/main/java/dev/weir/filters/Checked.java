package dev.weir.filters;

import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.proxy.filter.FilterResponse;

/** What filters hand back, refused where it would become another message on the wire. */
final class Checked {
  private static final String TOKEN_MARKS = "!#$%&'*+-.^_`|~";

  private Checked() {}

  static RequestHead request(RequestHead head) {
    if (!head.scheme().equals("http") && !head.scheme().equals("https")) {
      throw new IllegalArgumentException("neither http nor https: " + head.scheme());
    }
    if (!isToken(head.method())) {
      throw new IllegalArgumentException("no method");
    }
    String target = head.target();
    if (!target.startsWith("/") && !target.equals("*")) {
      throw new IllegalArgumentException("a target begins with a slash");
    }
    if (!target.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new IllegalArgumentException("a target has neither spaces nor octets above 0x7E");
    }
    fields(head.headers());
    return head;
  }

  /** A filter may change a head, but not into one whose body is framed in another way. */
  static ResponseHead changed(ResponseHead before, ResponseHead head) {
    if (!head.equals(before)) {
      fields(head.headers());
      if (head.status() != before.status()
          && (isOfItsOwnKind(before.status()) || isOfItsOwnKind(head.status()))) {
        throw new IllegalArgumentException(
            "a " + before.status() + " cannot become a " + head.status());
      }
    }
    return head;
  }

  static FilterResponse answer(FilterResponse response) {
    fields(response.headers());
    return response;
  }

  private static boolean isOfItsOwnKind(int status) {
    return status < 200 || status == 204 || status == 206 || status == 304 || status == 416;
  }

  static void fields(Headers headers) {
    for (int i = 0; i < headers.size(); i++) {
      if (!isToken(headers.name(i))) {
        throw new IllegalArgumentException("no field name");
      }
      String value = headers.value(i);
      if (!value.chars().allMatch(c -> c == '\t' || (c >= ' ' && c != 0x7f && c <= 0xff))) {
        throw new IllegalArgumentException("no field value: " + headers.name(i));
      }
    }
  }

  private static boolean isToken(String text) {
    return !text.isEmpty()
        && text.chars()
            .allMatch(
                c ->
                    (c >= '0' && c <= '9')
                        || (c >= 'a' && c <= 'z')
                        || (c >= 'A' && c <= 'Z')
                        || TOKEN_MARKS.indexOf(c) >= 0);
  }
}
