package dev.weir.exchange;

import dev.weir.http.EntityTag;
import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import java.util.List;

/**
 * The head of a response whose body filters change: what spoke of the former bytes goes. Its entity
 * tag becomes a weak one: the content means the same still, and a client may ask with it whether
 * there is another; but no range is ever joined on its word.
 */
final class ChangedBody {
  private static final List<String> OF_THE_BYTES =
      List.of("Content-Length", "Content-MD5", "Digest", "Content-Digest", "Repr-Digest");

  private ChangedBody() {}

  static ResponseHead head(ResponseHead head) {
    Headers.Builder fields = weakened(head.headers()).toBuilder();
    OF_THE_BYTES.forEach(fields::remove);
    return head.withHeaders(fields.set("Accept-Ranges", "none").build());
  }

  /** These fields with a weak tag; for 304 as well. */
  static Headers weakened(Headers fields) {
    EntityTag tag = EntityTag.parse(fields.first("ETag"));
    return tag == null || tag.weak()
        ? fields
        : fields.with("ETag", "W/" + String.valueOf(fields.first("ETag")).strip());
  }
}
