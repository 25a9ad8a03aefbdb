package dev.weir.testing;

import dev.weir.http.Headers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * The ready-made resources of an {@link OriginServer}:
 *
 * <ul>
 *   <li>{@code /policy…}: ETag, Last-Modified, an hour fresh, answers conditions; {@code
 *       /cache-control/<value with _ for space>} the same with that Cache-Control; {@code
 *       /expires}, {@code /bare} (no validators)
 *   <li>{@code /vary…}: a body per Accept-Encoding; {@code /encoding/gzip}; {@code /redirect?to=};
 *       {@code /headers} echoes the request's fields
 *   <li>{@code /range-data/N}: byte i is i mod 256, ranges answered; {@code
 *       /stream/N?pieces=&pause=} chunked and slow; {@code /delay/millis}; {@code /status/N};
 *       {@code /truncated}; {@code /drop}; {@code /upgrade} echoes
 * </ul>
 */
final class OriginEndpoints {
  private static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00Z");
  private final AtomicInteger version = new AtomicInteger(1);
  private final OriginServer server;

  OriginEndpoints(OriginServer server) {
    this.server = server;
  }

  void bumpVersion() {
    version.incrementAndGet();
  }

  Answer answer(Seen seen) throws IOException, InterruptedException {
    String path = seen.path();
    if (path.startsWith("/policy")) {
      return versioned(seen, "max-age=3600");
    }
    if (path.startsWith("/cache-control/")) {
      return versioned(seen, path.substring("/cache-control/".length()).replace('_', ' '));
    }
    if (path.startsWith("/range-data/")) {
      return rangeData(seen, Long.parseLong(path.substring("/range-data/".length())));
    }
    if (path.startsWith("/stream/")) {
      return slow(seen, Long.parseLong(path.substring("/stream/".length())));
    }
    if (path.startsWith("/status/")) {
      return Answer.text(Integer.parseInt(path.substring("/status/".length())), "as asked\n");
    }
    if (path.startsWith("/delay/")) {
      Thread.sleep(Long.parseLong(path.substring("/delay/".length())));
      return versioned(seen, "max-age=3600");
    }
    if (path.startsWith("/vary")) {
      return vary(seen);
    }
    return switch (path) {
      case "/bare" ->
          Answer.text(
              200,
              "version " + version.get() + " without validators\n",
              "Cache-Control",
              "max-age=60");
      case "/expires" -> expires(seen);
      case "/encoding/gzip" -> gzip();
      case "/redirect" -> redirect(seen);
      case "/headers" -> echo(seen);
      case "/stats" -> Answer.text(200, server.seen().size() + "\n", "Cache-Control", "no-store");
      case "/truncated" ->
          Answer.truncated(Headers.of("Cache-Control", "max-age=3600"), 1000, new byte[400]);
      case "/drop" -> Answer.drop();
      case "/upgrade" ->
          new Answer(
              101,
              Headers.of("Connection", "Upgrade", "Upgrade", "echo"),
              Answer.Framing.UPGRADE,
              0,
              out -> {});
      default -> Answer.text(404, "no such thing\n");
    };
  }

  private Answer versioned(Seen seen, String cacheControl) {
    int now = version.get();
    String tag = "\"v" + now + "\"";
    String modified = date(EPOCH.plusSeconds(now));
    Headers headers =
        Headers.of(
            "Content-Type", "text/plain",
            "Date", date(Instant.now()),
            "ETag", tag,
            "Last-Modified", modified,
            "Cache-Control", cacheControl);
    String match = seen.header("If-None-Match");
    String since = seen.header("If-Modified-Since");
    if (match != null ? match.contains(tag) : modified.equals(since)) {
      return Answer.of(304, headers, new byte[0]);
    }
    return Answer.of(200, headers, text("version " + now + " of " + seen.target() + "\n"));
  }

  private Answer expires(Seen seen) {
    long seconds = Long.parseLong(seen.query("in", "3600"));
    Instant now = Instant.now();
    return Answer.text(
        200, "expires\n", "Date", date(now), "Expires", date(now.plusSeconds(seconds)));
  }

  private static Answer vary(Seen seen) {
    String coding = seen.header("Accept-Encoding");
    return Answer.text(
        200,
        "for " + (coding == null ? "none" : coding) + "\n",
        "Vary",
        "Accept-Encoding",
        "Cache-Control",
        "max-age=3600");
  }

  private static Answer redirect(Seen seen) {
    int status = Integer.parseInt(seen.query("status", "302"));
    String to = seen.query("to", "/policy");
    return Answer.text(status, "elsewhere\n", "Location", to, "Cache-Control", "max-age=3600");
  }

  private static Answer echo(Seen seen) {
    StringBuilder lines = new StringBuilder();
    seen.headers().forEach((name, value) -> lines.append(name + ": " + value + "\n"));
    return Answer.text(200, lines.toString(), "Cache-Control", "no-store");
  }

  private static Answer gzip() throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(text("unpacked\n".repeat(100)));
    }
    return Answer.of(
        200,
        Headers.of("Content-Encoding", "gzip", "Cache-Control", "max-age=3600"),
        packed.toByteArray());
  }

  private Answer rangeData(Seen seen, long total) {
    String tag = "\"data" + version.get() + "\"";
    Headers.Builder headers =
        Headers.builder()
            .add("Content-Type", "application/octet-stream")
            .add("Accept-Ranges", "bytes")
            .add("ETag", tag)
            .add("Cache-Control", seen.query("cc", "max-age=3600"));
    String match = seen.header("If-None-Match");
    if (match != null && match.contains(tag)) {
      return Answer.of(304, headers.build(), new byte[0]);
    }
    String condition = seen.header("If-Range");
    long[] range = condition == null || condition.equals(tag) ? range(seen, total) : null;
    if (range == null) {
      return Answer.stream(200, headers.build(), total, out -> paced(seen, out, 0, total));
    }
    if (range[0] >= total) {
      return Answer.text(416, "", "Content-Range", "bytes */" + total);
    }
    headers.add("Content-Range", "bytes " + range[0] + "-" + (range[1] - 1) + "/" + total);
    return Answer.stream(
        206, headers.build(), range[1] - range[0], out -> paced(seen, out, range[0], range[1]));
  }

  /** From inclusive, to exclusive; null where there is no single range. */
  private static long @Nullable [] range(Seen seen, long total) {
    String field = seen.header("Range");
    if (field == null || !field.startsWith("bytes=") || field.contains(",")) {
      return null;
    }
    String[] ends = field.substring("bytes=".length()).split("-", -1);
    if (ends[0].isEmpty()) {
      return new long[] {Math.max(0, total - Long.parseLong(ends[1])), total};
    }
    long to = ends[1].isEmpty() ? total : Math.min(total, Long.parseLong(ends[1]) + 1);
    return new long[] {Long.parseLong(ends[0]), to};
  }

  private static Answer slow(Seen seen, long total) {
    int pieces = Integer.parseInt(seen.query("pieces", "10"));
    long pause = Long.parseLong(seen.query("pause", "10"));
    Headers headers = Headers.of("Cache-Control", seen.query("cc", "max-age=3600"));
    Answer.BodyWriter body =
        out -> {
          for (int i = 0; i < pieces; i++) {
            pattern(out, total * i / pieces, total * (i + 1) / pieces);
            Thread.sleep(pause);
          }
        };
    return "length".equals(seen.query("framing", "chunked"))
        ? Answer.stream(200, headers, total, body)
        : Answer.chunked(200, headers, body);
  }

  /** At no more than {@code ?rate=} bytes per second on this connection, if there is one. */
  private static void paced(Seen seen, OutputStream out, long from, long to)
      throws IOException, InterruptedException {
    long rate = Long.parseLong(seen.query("rate", "0"));
    if (rate == 0) {
      pattern(out, from, to);
      return;
    }
    long began = System.nanoTime();
    int piece = 64 * 1024;
    for (long at = from; at < to; at += piece) {
      pattern(out, at, Math.min(to, at + piece));
      out.flush();
      long due = began + (long) ((at + piece - from) * 1e9 / rate);
      Thread.sleep(Math.max(0, (due - System.nanoTime()) / 1_000_000));
    }
  }

  private static void pattern(OutputStream out, long from, long to) throws IOException {
    byte[] piece = new byte[64 * 1024];
    for (long at = from; at < to; at += piece.length) {
      int length = (int) Math.min(piece.length, to - at);
      for (int i = 0; i < length; i++) {
        piece[i] = (byte) (at + i);
      }
      out.write(piece, 0, length);
    }
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String date(Instant at) {
    return DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
        .format(at.atOffset(ZoneOffset.UTC));
  }
}
