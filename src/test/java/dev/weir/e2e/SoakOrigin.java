package dev.weir.e2e;

import dev.weir.http.Headers;
import dev.weir.testing.Answer;
import dev.weir.testing.OriginServer;
import dev.weir.testing.Seen;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * The truth of a soak: objects that change, whose every byte follows from object, version and
 * place, so that any part of any version can be judged without keeping it.
 */
final class SoakOrigin implements AutoCloseable {
  private static final int SMALL = 40;
  private static final int MIDDLE = 20;
  private static final int LARGE = 6;
  private static final int LARGE_LEAST_BYTES = 8 << 20;
  private static final int LARGE_MOST_BYTES = 40 << 20;
  private static final int PIECE_BYTES = 64 << 10;

  /** Eight million bytes a second on each connection: long enough to be met by a fault. */
  private static final int PIECE_MILLIS = 8;

  /** One in so many large answers breaks off. */
  private static final int BREAKS = 10;

  private static final Pattern TAG = Pattern.compile("\"(\\d+)-(\\d+)\"");
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");

  private final long seed;
  private final OriginServer server = OriginServer.start();
  private final AtomicInteger[] versions =
      IntStream.range(0, SMALL + MIDDLE + LARGE)
          .mapToObj(_ -> new AtomicInteger(1))
          .toArray(AtomicInteger[]::new);

  final AtomicLong plainGets = new AtomicLong();
  final AtomicLong rangeGets = new AtomicLong();
  final AtomicLong validations = new AtomicLong();
  final AtomicLong broken = new AtomicLong();

  /** One state of an object. */
  record Version(int object, int number) {
    String tag() {
      return "\"" + object + "-" + number + "\"";
    }
  }

  SoakOrigin(long seed) {
    this.seed = seed;
    for (int object = 0; object < objects(); object++) {
      int each = object;
      server.on(path(object), seen -> answer(each, seen));
    }
  }

  int objects() {
    return versions.length;
  }

  /** One of all; a large one at that rate, in so many. */
  int any(Random random, int largeIn) {
    return random.nextInt(largeIn) == 0
        ? SMALL + MIDDLE + random.nextInt(LARGE)
        : random.nextInt(SMALL + MIDDLE);
  }

  boolean isLarge(int object) {
    return object >= SMALL + MIDDLE;
  }

  /** Every other object may be kept for seconds only; the rest for long, and is purged. */
  boolean isShortLived(int object) {
    return object % 2 == 0;
  }

  private static String path(int object) {
    return "/soak/" + object;
  }

  String url(int object) {
    return server.url(path(object));
  }

  int version(int object) {
    return versions[object].get();
  }

  void change(int object) {
    versions[object].incrementAndGet();
  }

  /** What was seen takes memory. */
  void forget() {
    server.reset();
  }

  long bodyBytesSent() {
    return server.bodyBytesSent();
  }

  /** The version a tag names, of the object that was asked for; number 0 for any other tag. */
  static Version named(int object, String tag) {
    Matcher words = TAG.matcher(tag);
    boolean known = words.matches() && Integer.parseInt(words.group(1)) == object;
    return new Version(object, known ? Integer.parseInt(words.group(2)) : 0);
  }

  int bytes(Version version) {
    int object = version.object();
    long random = mix(seed + 31L * object + 7919L * version.number()) >>> 1;
    if (isLarge(object)) {
      return (int) (LARGE_LEAST_BYTES + random % (LARGE_MOST_BYTES - LARGE_LEAST_BYTES));
    }
    return object < SMALL ? (int) (1 + random % 4000) : (64 << 10) + (int) (random % 100);
  }

  private static long mix(long word) {
    long once = (word ^ (word >>> 30)) * 0xbf58476d1ce4e5b9L;
    long twice = (once ^ (once >>> 27)) * 0x94d049bb133111ebL;
    return twice ^ (twice >>> 31);
  }

  /** That many bytes of a version from there on. */
  byte[] body(Version version, int from, int count) {
    long base = mix(seed ^ (version.object() * 1_000_003L + version.number()));
    byte[] bytes = new byte[count];
    long word = 0;
    for (int i = 0; i < count; i++) {
      int at = from + i;
      if (i == 0 || at % 8 == 0) {
        word = mix(base + at / 8 * 0x9e3779b97f4a7c15L);
      }
      bytes[i] = (byte) (word >>> (8 * (at % 8)));
    }
    return bytes;
  }

  /** Where a body first differs from that part of a version; -1 if it does not. */
  int differsAt(byte[] got, Version version, int from) {
    for (int at = 0; at < got.length; at += PIECE_BYTES) {
      int end = Math.min(got.length, at + PIECE_BYTES);
      byte[] truth = body(version, from + at, end - at);
      int differs = Arrays.mismatch(got, at, end, truth, 0, truth.length);
      if (differs >= 0) {
        return from + at + differs;
      }
    }
    return -1;
  }

  private Answer answer(int object, Seen seen) {
    Version version = new Version(object, version(object));
    String age = isShortLived(object) ? "max-age=3" : "max-age=600";
    Headers fields =
        Headers.of("ETag", version.tag(), "Accept-Ranges", "bytes", "Cache-Control", age);
    if (List.of(String.valueOf(seen.header("If-None-Match")).split(", *"))
        .contains(version.tag())) {
      validations.incrementAndGet();
      return Answer.of(304, fields, new byte[0]);
    }
    int length = bytes(version);
    Matcher range = RANGE.matcher(String.valueOf(seen.header("Range")));
    String condition = seen.header("If-Range");
    if (!range.matches() || (condition != null && !condition.equals(version.tag()))) {
      plainGets.incrementAndGet();
      return part(200, fields, version, 0, length);
    }
    rangeGets.incrementAndGet();
    int from = Integer.parseInt(range.group(1));
    int last =
        range.group(2).isEmpty()
            ? length - 1
            : (int) Math.min(length - 1, Long.parseLong(range.group(2)));
    if (from > last) {
      return Answer.of(416, fields.with("Content-Range", "bytes */" + length), new byte[0]);
    }
    String content = "bytes " + from + "-" + last + "/" + length;
    return part(206, fields.with("Content-Range", content), version, from, last + 1);
  }

  private Answer part(int status, Headers fields, Version version, int from, int end) {
    if (!isLarge(version.object())) {
      return Answer.of(status, fields, body(version, from, end - from));
    }
    ThreadLocalRandom random = ThreadLocalRandom.current();
    int until = random.nextInt(BREAKS) == 0 ? random.nextInt(from, end) : end;
    if (until < end) {
      broken.incrementAndGet();
    }
    return Answer.stream(status, fields, end - from, out -> write(out, version, from, until));
  }

  private void write(OutputStream out, Version version, int from, int end)
      throws IOException, InterruptedException {
    for (int at = from; at < end; at += PIECE_BYTES) {
      out.write(body(version, at, Math.min(PIECE_BYTES, end - at)));
      Thread.sleep(PIECE_MILLIS);
    }
  }

  @Override
  public void close() {
    server.close();
  }
}
