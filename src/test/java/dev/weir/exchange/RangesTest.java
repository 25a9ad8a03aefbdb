package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.edge.EdgeResponse;
import dev.weir.http.ByteRanges;
import dev.weir.http.Headers;
import dev.weir.policy.Policy;
import dev.weir.rules.RuleFiles;
import dev.weir.testing.Answer;
import dev.weir.testing.ByteRangesBody;
import dev.weir.testing.Eventually;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is answered to a Range where the whole is stored, or is just being fetched. */
final class RangesTest {
  /** Inside the document, in one short buffer, in one chunk, in three chunks. */
  private static final int[] LENGTHS = {1_000, 40_000, 310_000, 20_000_000};

  private Rig rig;

  @BeforeEach
  void start() {
    rig = new Rig(Policy.STANDARD);
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  private void stored(String target) throws Exception {
    rig.get(target);
    Eventually.holds(rig::nothingRuns);
  }

  private static void assertPattern(byte[] bytes, long from) {
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] != (byte) (from + i)) {
        throw new AssertionError("byte " + (from + i) + " is " + bytes[i]);
      }
    }
  }

  private static List<ByteRangesBody.Part> parts(Rig.Got got) {
    assertThat(got.status()).isEqualTo(206);
    assertThat(got.headers().has("Content-Range")).isFalse();
    return ByteRangesBody.parse(got.headers().first("Content-Type"), got.body());
  }

  private static void assertParts(Rig.Got got, long total, long... firstsAndLasts) {
    List<ByteRangesBody.Part> parts = parts(got);
    assertThat(parts).hasSize(firstsAndLasts.length / 2);
    for (int i = 0; i < parts.size(); i++) {
      ByteRanges.Part range = new ByteRanges.Part(firstsAndLasts[2 * i], firstsAndLasts[2 * i + 1]);
      assertThat(parts.get(i).fields().first("Content-Range")).isEqualTo(range.contentRange(total));
      assertThat(parts.get(i).fields().first("Content-Type")).isEqualTo("application/octet-stream");
      assertThat(parts.get(i).bytes()).hasSize((int) range.length());
      assertPattern(parts.get(i).bytes(), range.first());
    }
  }

  @Test
  void severalRangesOfWhatIsStoredAreOneMultipartAnswer() throws Exception {
    for (int total : LENGTHS) {
      // Given
      stored("/range-data/" + total);
      long last = total - 1L;

      // When
      Rig.Got got =
          rig.get("/range-data/" + total, "Range", "bytes=0-9,500-599," + (total - 100) + "-");

      // Then
      assertParts(got, total, 0, 9, 500, 599, total - 100L, last);
      assertThat(got.headers().first("ETag")).isEqualTo("\"data1\"");
      assertThat(got.cacheStatus()).contains("weir;hit");
      assertThat(rig.origin.count("/range-data/" + total)).isEqualTo(1);
    }
  }

  @Test
  void severalRangesOfWhatIsJustBeingFetchedAreReadFromTheFill() throws Exception {
    for (int total : LENGTHS) {
      // When
      Rig.Got got = rig.get("/range-data/" + total, "Range", "bytes=500-599,0-9,-100");
      Eventually.holds(rig::nothingRuns);

      // Then
      assertParts(got, total, 500, 599, 0, 9, total - 100L, total - 1L);
      assertThat(got.cacheStatus()).contains("fwd=miss").contains("stored");
      assertThat(rig.get("/range-data/" + total).cacheStatus()).contains("weir;hit");
      assertThat(rig.origin.count("/range-data/" + total)).isEqualTo(1);
    }
  }

  @Test
  void theDeclaredLengthIsKnownBeforeTheFirstByte() throws Exception {
    // Given
    stored("/range-data/20000000");

    // When
    CompletableFuture<EdgeResponse> begun =
        rig.begin(
            "GET",
            "/range-data/20000000",
            new CompletableFuture<>(),
            "Range",
            "bytes=0-9999999,15000000-15000099");
    long declared = ((EdgeResponse.Full) begun.get()).entity().getContentLengthOption().orElse(-1);
    Rig.Got got = rig.finish(begun);

    // Then
    assertThat(declared).isEqualTo(got.body().length);
    assertParts(got, 20_000_000, 0, 9_999_999, 15_000_000, 15_000_099);
  }

  @Test
  void overlappingAndNearRangesBecomeOnePlainAnswer() throws Exception {
    // Given
    stored("/range-data/100000");

    // When
    Rig.Got overlapping = rig.get("/range-data/100000", "Range", "bytes=10-20,15-30,5-12");
    Rig.Got near = rig.get("/range-data/100000", "Range", "bytes=0-9,40-49,90-99");
    Rig.Got halfBeyond = rig.get("/range-data/100000", "Range", "bytes=5-6,200000-200010");

    // Then
    assertThat(overlapping.headers().first("Content-Range")).isEqualTo("bytes 5-30/100000");
    assertPattern(overlapping.body(), 5);
    assertThat(near.headers().first("Content-Range")).isEqualTo("bytes 0-99/100000");
    assertThat(near.headers().first("Content-Type")).isEqualTo("application/octet-stream");
    assertThat(halfBeyond.headers().first("Content-Range")).isEqualTo("bytes 5-6/100000");
  }

  @Test
  void moreRangesThanAllowedGetTheWholeOnce() throws Exception {
    // Given: what brought Apache down in 2011
    stored("/range-data/100000");
    StringBuilder many = new StringBuilder("bytes=0-");
    for (int i = 0; i < 1000; i++) {
      many.append(",5-").append(i + 5);
    }

    // When
    Rig.Got got = rig.get("/range-data/100000", "Range", many.toString());

    // Then
    assertThat(got.status()).isEqualTo(200);
    assertThat(got.body()).hasSize(100_000);
  }

  @Test
  void thePinsOfAMultipartAnswerNobodyReadsAreGivenBack() throws Exception {
    // Given
    rig.close();
    rig = new Rig(RuleFiles.defaults(Policy.STANDARD), "weir.exchange.unread-body = 50ms");
    stored("/range-data/20000000");

    // When
    rig.begin(
            "GET",
            "/range-data/20000000",
            new CompletableFuture<>(),
            "Range",
            "bytes=0-99,15000000-15000099")
        .get();

    // Then
    Eventually.holds(() -> rig.log.stream().anyMatch(one -> one.status() == 206));
    assertParts(
        rig.get("/range-data/20000000", "Range", "bytes=0-99,15000000-15000099"),
        20_000_000,
        0,
        99,
        15_000_000,
        15_000_099);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "bytes=0-0 | bytes 0-0/1000",
        "bytes=999-999 | bytes 999-999/1000",
        "bytes=0- | bytes 0-999/1000",
        "bytes=0-999 | bytes 0-999/1000",
        "bytes=990-5000 | bytes 990-999/1000",
        "bytes=-1 | bytes 999-999/1000",
        "bytes=-5000 | bytes 0-999/1000",
        "bytes=255-256 | bytes 255-256/1000",
        "BYTES=1-2 | bytes 1-2/1000",
      })
  void aSatisfiableRangeIsThatPart(String range, String contentRange) throws Exception {
    // Given
    stored("/range-data/1000");

    // When
    Rig.Got got = rig.get("/range-data/1000", "Range", range);

    // Then
    assertThat(got.status()).isEqualTo(206);
    assertThat(got.headers().first("Content-Range")).isEqualTo(contentRange);
    String[] ends = contentRange.split("[ \\-/]");
    assertThat(got.body()).hasSize(Integer.parseInt(ends[2]) - Integer.parseInt(ends[1]) + 1);
    assertPattern(got.body(), Long.parseLong(ends[1]));
  }

  @ParameterizedTest
  @ValueSource(strings = {"bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=1000-,2000-3000"})
  void aRangeBeyondTheEndIs416WithTheLength(String range) throws Exception {
    // Given
    stored("/range-data/1000");

    // When
    Rig.Got got = rig.get("/range-data/1000", "Range", range);

    // Then
    assertThat(got.status()).isEqualTo(416);
    assertThat(got.headers().first("Content-Range")).isEqualTo("bytes */1000");
    assertThat(got.body()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bytes=9-5",
        "bytes=",
        "bytes=x",
        "bytes=1-2,x",
        "bytes",
        "lines=0-5",
        "bytes=--5",
        "bytes=1"
      })
  void whatIsNoRangeOfBytesIsIgnored(String range) throws Exception {
    // Given
    stored("/range-data/1000");

    // When
    Rig.Got got = rig.get("/range-data/1000", "Range", range);

    // Then
    assertThat(got.status()).isEqualTo(200);
    assertThat(got.body()).hasSize(1000);
    assertPattern(got.body(), 0);
  }

  @Test
  void aBodyWithoutBytesHasNoRanges() throws Exception {
    // Given
    stored("/range-data/0");

    // When
    Rig.Got first = rig.get("/range-data/0", "Range", "bytes=0-");
    Rig.Got suffix = rig.get("/range-data/0", "Range", "bytes=-5");

    // Then
    assertThat(first.status()).isEqualTo(416);
    assertThat(first.headers().first("Content-Range")).isEqualTo("bytes */0");
    assertThat(suffix.status()).isEqualTo(200);
    assertThat(suffix.body()).isEmpty();
  }

  @Test
  void headIgnoresRange() throws Exception {
    // Given
    stored("/range-data/1000");

    // When
    Rig.Got got = rig.send("HEAD", "/range-data/1000", "Range", "bytes=0-9");

    // Then
    assertThat(got.status()).isEqualTo(200);
    assertThat(got.headers().first("Content-Length")).isEqualTo("1000");
  }

  @Test
  void ifRangeHoldsForTheSameStrongTagOnly() throws Exception {
    // Given
    stored("/range-data/1000");

    // When
    Rig.Got same = rig.get("/range-data/1000", "Range", "bytes=0-9", "If-Range", "\"data1\"");
    Rig.Got weak = rig.get("/range-data/1000", "Range", "bytes=0-9", "If-Range", "W/\"data1\"");
    Rig.Got other = rig.get("/range-data/1000", "Range", "bytes=0-9", "If-Range", "\"data2\"");
    Rig.Got bare = rig.get("/range-data/1000", "Range", "bytes=0-9", "If-Range", "data1");
    Rig.Got beyond = rig.get("/range-data/1000", "Range", "bytes=5000-", "If-Range", "\"data2\"");

    // Then
    assertThat(same.status()).isEqualTo(206);
    for (Rig.Got whole : List.of(weak, other, bare, beyond)) {
      assertThat(whole.status()).isEqualTo(200);
      assertThat(whole.body()).hasSize(1000);
    }
  }

  @Test
  void ifRangeWithADateHoldsForTheVeryDateAndOnlyIfItIsStrong() throws Exception {
    // Given
    Instant now = Instant.now();
    String old = date(now.minusSeconds(100));
    rig.origin.on("/old", seen -> modified(old, date(now)));
    rig.origin.on("/new", seen -> modified(date(now), date(now)));
    stored("/old");
    stored("/new");

    // When
    Rig.Got same = rig.get("/old", "Range", "bytes=0-1", "If-Range", old);
    Rig.Got later = rig.get("/old", "Range", "bytes=0-1", "If-Range", date(now));
    Rig.Got weak = rig.get("/new", "Range", "bytes=0-1", "If-Range", date(now));

    // Then
    assertThat(same.status()).isEqualTo(206);
    assertThat(later.status()).isEqualTo(200);
    assertThat(weak.status()).isEqualTo(200);
  }

  private static Answer modified(String lastModified, String date) {
    Headers fields =
        Headers.of("Date", date, "Last-Modified", lastModified, "Cache-Control", "max-age=600");
    return Answer.of(200, fields, "0123456789".getBytes(StandardCharsets.UTF_8));
  }

  private static String date(Instant when) {
    return DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
        .withZone(ZoneOffset.UTC)
        .format(when);
  }

  @Test
  void rangesOfAnyKindPutTheBodyTogetherAgain() throws Exception {
    // Given
    int total = 310_000;
    stored("/range-data/" + total);
    Random random = new Random(9110_14);
    for (int round = 0; round < 60; round++) {
      // When: the body cut at random places, asked for in twos and threes
      StringBuilder range = new StringBuilder("bytes=");
      int first = random.nextInt(total);
      int second = random.nextInt(total);
      int third = random.nextInt(total);
      range.append(first).append('-').append(first + random.nextInt(5000));
      range.append(',').append(second).append('-').append(second + random.nextInt(5000));
      range.append(",-").append(1 + third % 5000);
      Rig.Got got = rig.get("/range-data/" + total, "Range", range.toString());

      // Then
      if (got.headers().has("Content-Range")) {
        String[] ends = got.headers().first("Content-Range").split("[ \\-/]");
        assertPattern(got.body(), Long.parseLong(ends[1]));
      } else {
        for (ByteRangesBody.Part part : parts(got)) {
          String[] ends = part.fields().first("Content-Range").split("[ \\-/]");
          assertPattern(part.bytes(), Long.parseLong(ends[1]));
        }
      }
    }
  }
}
