package dev.weir.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Manifest;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.entry.VaryIndex;
import dev.weir.http.Headers;
import dev.weir.http.StoredResponse;
import dev.weir.store.Document.EntryDocument;
import dev.weir.store.Document.VaryDocument;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DocumentCodecTest {
  private static final PrimaryKey KEY = new PrimaryKey("https", "origin.test", "ab".repeat(28));

  /** Data folders hold this text: it must stay readable, and equal unless a field is added. */
  private static final String GOLDEN_ENTRY =
      "{\"doc_type\":\"metadata\",\"scheme\":\"https\",\"host\":\"origin.test\",\"key\":\""
          + "ab".repeat(28)
          + "\",\"variant\":\"cd\",\"url\":\"https://origin.test/a?b\",\"method\":\"GET\","
          + "\"status_code\":200,\"reason\":\"OK\",\"headers\":[\"ETag\",\"\\\"x\\\"\",\"X-Odd\","
          + "\"\u00e9\\t\u00ff\",\"etag\",\"\"],\"requested_at\":1700000000000,"
          + "\"stored_at\":1700000000123,\"epoch\":3,\"tag\":\"f1\",\"content_size\":3,"
          + "\"body_digest\":\"a90a10503fbfc95789ff38a1bb5039cb71869ab9c0eb1cb51c4a9099f2933c6b\","
          + "\"body_b64\":\"AP9B\"}";

  private static final String GOLDEN_INDEX =
      "{\"doc_type\":\"vary_index\",\"scheme\":\"https\",\"host\":\"origin.test\",\"key\":\""
          + "ab".repeat(28)
          + "\",\"epoch\":9,\"vary\":[\"accept\",\"origin\"],\"variants\":[\"\",\"cd\"]}";

  private static Entry golden(Body body) {
    return new Entry(
        KEY,
        new VariantKey("cd"),
        "https://origin.test/a?b",
        new StoredResponse(
            200,
            "OK",
            Headers.of("ETag", "\"x\"", "X-Odd", "\u00e9\t\u00ff", "etag", ""),
            "GET",
            1_700_000_000_000L,
            1_700_000_000_123L),
        body,
        new Epoch(3),
        new FillId("f1"));
  }

  @Test
  void anEntryIsTheGoldenText() {
    // Given
    Document document = new EntryDocument(golden(new Body.Inline(new byte[] {0, -1, 65})));
    // When
    byte[] bytes = DocumentCodec.encode(document);
    // Then
    assertThat(new String(bytes, StandardCharsets.UTF_8)).isEqualTo(GOLDEN_ENTRY);
    assertThat(decode(GOLDEN_ENTRY)).isEqualTo(document);
  }

  @Test
  void aVaryIndexIsTheGoldenText() {
    // Given
    Document document =
        new VaryDocument(
            new VaryIndex(
                KEY,
                new Epoch(9),
                List.of("accept", "origin"),
                List.of(VariantKey.NONE, new VariantKey("cd"))));
    // When
    byte[] bytes = DocumentCodec.encode(document);
    // Then
    assertThat(new String(bytes, StandardCharsets.UTF_8)).isEqualTo(GOLDEN_INDEX);
    assertThat(decode(GOLDEN_INDEX)).isEqualTo(document);
  }

  @Test
  void aManifestIsTheGoldenBytes() {
    // Given
    Manifest manifest = new Manifest(11, 10, Samples.manifest(2).chunks());
    // When
    byte[] bytes = ManifestCodec.encode(manifest);
    // Then
    assertThat(bytes)
        .asHexString()
        .isEqualToIgnoringCase(
            "01000000000000000a000000000000000b00000002"
                + "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"
                + "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b");
    assertThat(ManifestCodec.decode(bytes)).isEqualTo(manifest);
  }

  private static final String GOLDEN_LISTED =
      "\"content_size\":1099511627776,\"body_digest\":\""
          + "9e".repeat(32)
          + "\",\"manifest_chunk\":\""
          + "9e".repeat(32)
          + "\",\"manifest_size\":1099511627776,\"chunk_size\":110100480}";

  @Test
  void aBodyWhoseManifestIsAChunkNamesItAndItsSizes() {
    // Given
    Body.Listed body = new Body.Listed(1L << 40, 105L << 20, new ChunkId("9e".repeat(32)));
    String text =
        GOLDEN_ENTRY.substring(0, GOLDEN_ENTRY.indexOf("\"content_size\"")) + GOLDEN_LISTED;
    Document document = new EntryDocument(golden(body));
    // When
    byte[] bytes = DocumentCodec.encode(document);
    // Then
    assertThat(new String(bytes, StandardCharsets.UTF_8)).isEqualTo(text);
    assertThat(decode(text)).isEqualTo(document);
  }

  @Test
  void anInlineManifestOfAnyLengthIsStillRead() {
    // Given
    Document former = new EntryDocument(golden(new Body.Chunked(Samples.manifest(10_000))));
    // When, Then
    assertThat(decode(new String(DocumentCodec.encode(former), StandardCharsets.UTF_8)))
        .isEqualTo(former);
  }

  @Test
  void segmentsMayHaveManifestsThatAreChunks() {
    // Given
    Body.Listed listed = new Body.Listed(1_000, 10, new ChunkId("9e".repeat(32)));
    Document document =
        new EntryDocument(
            golden(
                new Body.Segmented(
                    5_000,
                    List.of(
                        new Body.Segment(0, new Body.Inline(new byte[] {1})),
                        new Body.Segment(100, listed),
                        new Body.Segment(2_000, new Body.Chunked(Samples.manifest(3)))))));
    // When, Then
    assertThat(decode(new String(DocumentCodec.encode(document), StandardCharsets.UTF_8)))
        .isEqualTo(document);
  }

  @Test
  void fieldsOfALaterVersionAreSkipped() {
    // Given
    String later =
        GOLDEN_ENTRY.replaceFirst(
            "\\{", "{\"later\":{\"a\":[1,{\"doc_type\":\"x\"}]},\"also\":[[]],\"n\":null,");
    // When, Then
    assertThat(decode(later)).isEqualTo(decode(GOLDEN_ENTRY));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "null",
        "{}",
        "{\"doc_type\":\"metadata\"}",
        "{\"doc_type\":\"other\",\"scheme\":\"a\",\"host\":\"b\",\"key\":\"c\"}",
        "{\"doc_type\":\"metadata\",\"scheme\":\"a\",\"host\":\"b\",\"key\":\"c\",\"tag\":\"t\"}",
        "{\"headers\":[\"odd\"]}",
        "{\"epoch\":\"text\"}",
        "{\"epoch\":99999999999999999999999}",
        "{\"manifest_b64\":\"AAAA\"}",
        "{\"manifest_b64\":\"AQAAAAAAAAAKAAAAAAAAAAt/////\"}",
        "{\"body_b64\":\"*\"}",
      })
  void whatIsNoDocumentIsAStoreException(String text) {
    assertThatThrownBy(() -> decode(text)).isInstanceOf(StoreException.class);
  }

  @Test
  void everyCutOffDocumentIsAStoreException() {
    for (int length = 0; length < GOLDEN_ENTRY.length(); length++) {
      String cut = GOLDEN_ENTRY.substring(0, length);
      assertThatThrownBy(() -> decode(cut)).isInstanceOf(StoreException.class);
    }
  }

  @RepeatedTest(50)
  void anyEntryComesBackAsItWas(RepetitionInfo repetition) {
    // Given
    Random random = new Random(repetition.getCurrentRepetition());
    Document document = new EntryDocument(randomEntry(random));
    // When
    byte[] bytes = DocumentCodec.encode(document);
    // Then
    assertThat(DocumentCodec.decode(bytes, 0, bytes.length)).isEqualTo(document);
  }

  @RepeatedTest(50)
  void aFlippedByteIsNeverMoreThanAStoreException(RepetitionInfo repetition) {
    // Given
    Random random = new Random(repetition.getCurrentRepetition());
    byte[] bytes = DocumentCodec.encode(new EntryDocument(randomEntry(random)));
    // When
    bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
    // Then
    try {
      assertThat(DocumentCodec.decode(bytes, 0, bytes.length)).isNotNull();
    } catch (StoreException e) {
      assertThat(e.getMessage()).doesNotEndWith("null");
    }
  }

  private static Body segmented(Random random) {
    Body chunked = new Body.Chunked(Samples.manifest(1 + random.nextInt(9)));
    Body inline = new Body.Inline(Samples.bytes(random.nextLong(), 1 + random.nextInt(900)));
    long second = inline.length() + random.nextInt(3);
    return new Body.Segmented(
        second + chunked.length() + random.nextInt(3),
        List.of(new Body.Segment(0, inline), new Body.Segment(second, chunked)));
  }

  @Test
  void partsAreTheGoldenText() {
    // Given
    Body parts =
        new Body.Segmented(
            9, List.of(new Body.Segment(5, new Body.Inline(new byte[] {0, -1, 65}))));
    String golden =
        GOLDEN_ENTRY
            .replace("\"content_size\":3", "\"content_size\":9")
            .replaceAll("\"body_digest\":\"[0-9a-f]+\",", "")
            .replace("\"body_b64\":\"AP9B\"", "\"segments\":[{\"first\":5,\"body_b64\":\"AP9B\"}]");
    // When
    byte[] bytes = DocumentCodec.encode(new EntryDocument(golden(parts)));
    // Then
    assertThat(new String(bytes, StandardCharsets.UTF_8)).isEqualTo(golden);
    assertThat(decode(golden)).isEqualTo(new EntryDocument(golden(parts)));
  }

  private static Entry randomEntry(Random random) {
    Headers.Builder headers = Headers.builder();
    for (int i = random.nextInt(30); i > 0; i--) {
      headers.add("X-" + random.nextInt(5), octets(random, 40));
    }
    Body body =
        switch (random.nextInt(3)) {
          case 0 -> new Body.Inline(Samples.bytes(random.nextLong(), random.nextInt(9000)));
          case 1 -> new Body.Chunked(Samples.manifest(random.nextInt(100)));
          default -> segmented(random);
        };
    return new Entry(
        new PrimaryKey("http", octets(random, 20), octets(random, 56)),
        new VariantKey(octets(random, 10)),
        octets(random, 600),
        new StoredResponse(
            100 + random.nextInt(900),
            octets(random, 20),
            headers.build(),
            "GET",
            random.nextLong(),
            random.nextLong()),
        body,
        new Epoch(random.nextLong()),
        new FillId(octets(random, 32)));
  }

  private static String octets(Random random, int maxLength) {
    StringBuilder text = new StringBuilder();
    IntStream.range(0, random.nextInt(maxLength + 1))
        .forEach(_ -> text.append((char) random.nextInt(256)));
    return text.toString();
  }

  private static Document decode(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return DocumentCodec.decode(bytes, 0, bytes.length);
  }
}
