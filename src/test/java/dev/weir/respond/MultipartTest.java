package dev.weir.respond;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Authority;
import dev.weir.http.ByteRanges;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.StoredResponse;
import dev.weir.testing.ByteRangesBody;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is sent for several ranges, over many requests of a generator with a fixed seed. */
final class MultipartTest {
  private static final int MAX_RANGES = 16;

  private static Reply choose(String range, int length) {
    RequestHead request =
        new RequestHead(
            "GET", "http", new Authority("a.test", 80), "/", Headers.of("Range", range));
    StoredResponse stored = new StoredResponse(200, "", Headers.EMPTY, "GET", 0, 0);
    return Reply.choose(request, stored, OptionalLong.of(length), MAX_RANGES);
  }

  private static byte[] body(Random random, int length) {
    byte[] body = new byte[length];
    random.nextBytes(body);
    return body;
  }

  private static byte[] written(Multipart multipart, byte[] body) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < multipart.ranges().size(); i++) {
      ByteRanges.Part range = multipart.ranges().get(i);
      out.writeBytes(multipart.heading(i));
      out.write(body, (int) range.first(), (int) range.length());
    }
    out.writeBytes(multipart.closing());
    return out.toByteArray();
  }

  private static List<ByteRanges.Part> parts(Reply reply) {
    return switch (reply) {
      case Reply.Part one -> List.of(one.range());
      case Reply.Parts several -> several.ranges();
      default -> List.of();
    };
  }

  @Test
  void whatIsSentReadsBackAsThePartsAndIsAsLongAsAnnounced() {
    Random random = new Random(20261121);
    for (int round = 0; round < 2000; round++) {
      // Given
      byte[] body = body(random, 1 + random.nextInt(5000));
      StringBuilder range = new StringBuilder("bytes=");
      int count = 2 + random.nextInt(MAX_RANGES - 1);
      for (int i = 0; i < count; i++) {
        int first = random.nextInt(body.length);
        range
            .append(i == 0 ? "" : ",")
            .append(first)
            .append('-')
            .append(first + random.nextInt(200));
      }
      if (!(choose(range.toString(), body.length) instanceof Reply.Parts parts)) {
        continue;
      }

      // When
      Multipart multipart = Multipart.of(parts, "text/plain");
      byte[] sent = written(multipart, body);
      List<ByteRangesBody.Part> read = ByteRangesBody.parse(multipart.mediaType(), sent);

      // Then
      assertThat(sent).hasSize((int) multipart.length());
      assertThat(read).hasSameSizeAs(parts.ranges());
      for (int i = 0; i < read.size(); i++) {
        ByteRanges.Part asked = parts.ranges().get(i);
        assertThat(read.get(i).fields().first("Content-Type")).isEqualTo("text/plain");
        assertThat(read.get(i).fields().first("Content-Range"))
            .isEqualTo(asked.contentRange(body.length));
        assertThat(read.get(i).bytes())
            .isEqualTo(Arrays.copyOfRange(body, (int) asked.first(), (int) asked.last() + 1));
      }
    }
  }

  @Test
  void joiningLosesNoByteSendsNoneTwiceAndAddsOnlySmallGaps() {
    Random random = new Random(15372);
    for (int round = 0; round < 3000; round++) {
      // Given
      int length = 1 + random.nextInt(3000);
      BitSet asked = new BitSet(length);
      List<String> specs = new ArrayList<>();
      for (int i = 0; i < 1 + random.nextInt(MAX_RANGES); i++) {
        int first = random.nextInt(length);
        int last = Math.min(length - 1, first + random.nextInt(150));
        specs.add(first + "-" + last);
        asked.set(first, last + 1);
      }

      // When
      List<ByteRanges.Part> parts = parts(choose("bytes=" + String.join(",", specs), length));

      // Then
      BitSet sent = new BitSet(length);
      long bytes = 0;
      for (ByteRanges.Part part : parts) {
        sent.set((int) part.first(), (int) part.last() + 1);
        bytes += part.length();
      }
      assertThat(bytes).isEqualTo(sent.cardinality());
      BitSet lost = (BitSet) asked.clone();
      lost.andNot(sent);
      assertThat(lost.isEmpty()).isTrue();
      sent.andNot(asked);
      for (int at = sent.nextSetBit(0); at >= 0; at = sent.nextSetBit(at)) {
        int end = sent.nextClearBit(at);
        assertThat((long) end - at).isLessThanOrEqualTo(Reply.PART_HEAD_BYTES);
        at = end;
      }
    }
  }

  @Test
  void aThousandOverlappingRangesAreOnePlainWhole() {
    // Given
    StringBuilder killer = new StringBuilder("bytes=0-");
    for (int i = 0; i < 1300; i++) {
      killer.append(",5-").append(i + 5);
    }

    // When / Then
    assertThat(choose(killer.toString(), 1_000_000)).isInstanceOf(Reply.Whole.class);
    assertThat(choose("bytes=0-,0-,0-,0-,1-,2-,3-", 1000))
        .isEqualTo(new Reply.Part(new ByteRanges.Part(0, 999), 1000));
  }

  @Test
  void noBoundaryIsUsedTwice() {
    // Given
    Reply.Parts parts =
        new Reply.Parts(List.of(new ByteRanges.Part(0, 1), new ByteRanges.Part(500, 501)), 1000);

    // When
    String one = Multipart.of(parts, null).mediaType();
    String other = Multipart.of(parts, null).mediaType();

    // Then
    assertThat(one).matches("multipart/byteranges; boundary=[0-9a-f]{32}").isNotEqualTo(other);
  }
}
