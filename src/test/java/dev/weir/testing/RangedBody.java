package dev.weir.testing;

import dev.weir.http.Headers;
import org.jspecify.annotations.Nullable;

/**
 * An origin's body under an entity tag, whole or a range of it, as If-Range asks; may be changed.
 */
public final class RangedBody implements OriginServer.Endpoint {
  private static final int PIECE_BYTES = 64 << 10;

  private volatile byte[] body;
  private volatile String tag;
  private volatile int failing;
  private volatile int bytesPerMilli;

  public RangedBody(byte[] body, String tag) {
    this.body = body;
    this.tag = tag;
  }

  /** No faster than that on each connection, so that everybody comes while it runs. */
  public RangedBody paced(int bytesEachMilli) {
    bytesPerMilli = bytesEachMilli;
    return this;
  }

  /** Another representation from now on. */
  public void change(byte[] other, String otherTag) {
    body = other;
    tag = otherTag;
  }

  /** Answers with that status instead; 0: as it should. */
  public void fail(int status) {
    failing = status;
  }

  @Override
  public Answer answer(Seen seen) {
    Headers fields =
        Headers.of("Cache-Control", "max-age=3600", "ETag", tag, "Accept-Ranges", "bytes");
    if (failing > 0) {
      return Answer.text(failing, "sick");
    }
    String range = seen.header("Range");
    String condition = seen.header("If-Range");
    if (range == null || (condition != null && !condition.equals(tag))) {
      return answer(200, fields, 0, body.length);
    }
    String[] ends = range.substring("bytes=".length()).split("-", -1);
    int first = Integer.parseInt(ends[0]);
    int end = ends[1].isEmpty() ? body.length : Integer.parseInt(ends[1]) + 1;
    String content = "bytes " + first + "-" + (end - 1) + "/" + body.length;
    return answer(206, fields.with("Content-Range", content), first, end);
  }

  private Answer answer(int status, Headers fields, int first, int end) {
    byte[] whole = body;
    int pace = bytesPerMilli;
    return Answer.stream(
        status,
        fields,
        end - first,
        out -> {
          for (int at = first; at < end; at += PIECE_BYTES) {
            out.write(whole, at, Math.min(PIECE_BYTES, end - at));
            if (pace > 0) {
              Thread.sleep(PIECE_BYTES / pace);
            }
          }
        });
  }

  /** The range that was asked for under that condition, or null. */
  public static @Nullable String conditionalRange(Seen seen) {
    return seen.headers().has("If-Range") ? seen.header("Range") : null;
  }
}
