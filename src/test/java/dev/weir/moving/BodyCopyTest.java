package dev.weir.moving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.http.Headers;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BodyCopyTest {
  private static final int CHUNK = 1000;
  private static final int CUT = 300;
  private static final Instant PUT = Instant.parse("2026-03-01T12:00:00Z");

  @TempDir private Path folder;
  private final Map<String, byte[]> objects = new HashMap<>();
  private final Map<ChunkId, byte[]> stored = new HashMap<>();
  private SourceManifest manifest;

  /** Files of the test's folder; put keeps their bytes. */
  private final class Batch implements Stores.Batch {
    @Override
    public Path newFile() {
      try {
        return Files.createTempFile(folder, "chunk", "");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void put(ChunkId id, Path file, long lengthBytes) {
      try {
        byte[] bytes = Files.readAllBytes(file);
        assertThat(bytes).hasSize((int) lengthBytes);
        stored.put(id, bytes);
        Files.delete(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void requireYoung() {}

    @Override
    public void committed(Entry entry) {}

    @Override
    public void close() {}
  }

  private byte[] source(int length) {
    byte[] body = new byte[length];
    new Random(4).nextBytes(body);
    put(body);
    return body;
  }

  private void put(byte[] body) {
    List<String> names = new ArrayList<>();
    for (int from = 0; from < body.length; from += CHUNK) {
      names.add("%032x".formatted(from + 1));
    }
    manifest = new SourceManifest(body.length, CHUNK, names);
    for (int i = 0; i < names.size(); i++) {
      objects.put(
          manifest.key(i),
          Arrays.copyOfRange(body, i * CHUNK, Math.min(body.length, (i + 1) * CHUNK)));
    }
  }

  private Body copy(int inlineBytes, OptionalLong lastModified) throws Skipped {
    Candidate candidate =
        new Candidate(
            new PrimaryKey("https", "h", "d"),
            VariantKey.NONE,
            List.of(),
            "https://h/",
            Headers.EMPTY,
            manifest,
            lastModified,
            OptionalLong.empty());
    return new BodyCopy(
            candidate,
            key ->
                Optional.ofNullable(objects.get(key))
                    .map(
                        bytes ->
                            new BodyCopy.Chunk(new ByteArrayInputStream(bytes), PUT, bytes.length)),
            new Batch(),
            inlineBytes,
            CUT)
        .run();
  }

  private void assertSkipped(Reason reason) {
    assertThatThrownBy(() -> copy(0, OptionalLong.empty()))
        .isInstanceOfSatisfying(
            Skipped.class, skipped -> assertThat(skipped.reason()).isEqualTo(reason));
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aBodyIsCutAnewAndEveryChunkNamedByItsDigest() throws Exception {
    // Given
    byte[] body = source(3 * CHUNK + 17);

    // When
    Body copied = copy(100, OptionalLong.of(PUT.toEpochMilli()));

    // Then
    assertThat(copied).isInstanceOf(Body.Chunked.class);
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    for (ChunkId id : ((Body.Chunked) copied).manifest().chunks()) {
      read.writeBytes(stored.get(id));
    }
    assertThat(read.toByteArray()).isEqualTo(body);
    assertThat(((Body.Chunked) copied).manifest().chunkBytes()).isEqualTo(CUT);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aSmallBodyGoesIntoTheDocumentAndAManyChunkedOneIsListed() throws Exception {
    // Given
    byte[] body = source(CUT * 70);

    // When
    Body large = copy(100, OptionalLong.empty());
    Body small = copy(body.length, OptionalLong.empty());

    // Then
    assertThat(((Body.Listed) large).chunkCount()).isEqualTo(70);
    assertThat(stored).containsKey(((Body.Listed) large).manifest());
    assertThat(small).isEqualTo(new Body.Inline(body));
  }

  @Test
  void chunksThatAreMissingShortOrLongAreFound() {
    source(2 * CHUNK);
    byte[] second = objects.get(manifest.key(1));

    objects.remove(manifest.key(1));
    assertSkipped(Reason.CHUNK_MISSING);
    objects.put(manifest.key(1), Arrays.copyOf(second, CHUNK - 1));
    assertSkipped(Reason.CHUNK_LENGTH);
    objects.put(manifest.key(1), Arrays.copyOf(second, CHUNK + 1));
    assertSkipped(Reason.CHUNK_LENGTH);
  }

  @Test
  void aMirrorThatAnsweredRangesWithTheWholeIsRecognised() {
    // Given
    source(3 * CHUNK + 17);
    byte[] first = objects.get(manifest.key(0));

    // When only the last chunk came that way
    objects.put(manifest.key(3), Arrays.copyOf(first, 17));

    // Then
    assertSkipped(Reason.CHUNK_REPEATED);

    // When one in the middle did
    source(3 * CHUNK + 17);
    objects.put(manifest.key(2), first);

    // Then
    assertSkipped(Reason.CHUNK_REPEATED);
  }

  @Test
  void bytesOlderThanWhatTheyAreSaidToBeAreNotTaken() {
    source(CHUNK);
    assertThatThrownBy(() -> copy(0, OptionalLong.of(PUT.toEpochMilli() + 3_600_000)))
        .isInstanceOfSatisfying(
            Skipped.class, skipped -> assertThat(skipped.reason()).isEqualTo(Reason.OLDER_BYTES));
  }
}
