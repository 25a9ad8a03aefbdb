package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.edge.RawClient;
import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Manifest;
import dev.weir.entry.VariantKey;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.StoredResponse;
import dev.weir.policy.CacheKeys;
import dev.weir.policy.Policy;
import dev.weir.store.ChunkReader;
import dev.weir.store.Document;
import dev.weir.store.ManifestCodec;
import dev.weir.store.MetadataStore.Version;
import dev.weir.testing.ProxyClient;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * An object of 1 TiB in some 10,000 chunks, as a fill would have stored it. All but the last are
 * one sparse file: a chunk is named by what is in it, and this object repeats itself.
 */
final class HugeBodyTest {
  private static final long TIB = 1L << 40;
  private static final long CHUNK = 105L << 20;
  private static final int MARK = 1_000;
  private static final byte[] HEAD = mark(1);
  private static final byte[] TAIL = mark(2);

  private static byte[] mark(int seed) {
    byte[] bytes = new byte[MARK];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  @Test
  void rangesOfAnObjectOfATebibyteAreServedFromTheStore() throws Exception {
    // Given
    try (Rig rig = new Rig(Policy.STANDARD)) {
      store(rig, "/huge");
      // When
      ProxyClient client = new ProxyClient(rig.door().address());
      long boundary = 9_000 * CHUNK;
      var across =
          client.get(
              rig.origin.url("/huge"), "Range", "bytes=" + (boundary - 10) + "-" + (boundary + 9));
      var last = client.get(rig.origin.url("/huge"), "Range", "bytes=-1000");
      var several =
          client.get(rig.origin.url("/huge"), "Range", "bytes=0-9," + CHUNK + "-" + (CHUNK + 9));
      // Then
      byte[] around = new byte[20];
      System.arraycopy(TAIL, MARK - 10, around, 0, 10);
      System.arraycopy(HEAD, 0, around, 10, 10);
      assertThat(across.status()).isEqualTo(206);
      assertThat(across.isHit()).isTrue();
      assertThat(across.header("Content-Range"))
          .isEqualTo("bytes " + (boundary - 10) + "-" + (boundary + 9) + "/" + TIB);
      assertThat(across.body()).isEqualTo(around);
      assertThat(last.body()).isEqualTo(TAIL);
      assertThat(several.status()).isEqualTo(206);
      assertThat(several.header("Content-Type")).startsWith("multipart/byteranges");
      assertThat(rig.origin.count("/huge")).isZero();
    }
  }

  @Test
  void itsHeadAndItsFirstBytesGoOut() throws Exception {
    // Given
    try (Rig rig = new Rig(Policy.STANDARD)) {
      store(rig, "/huge");
      // When
      Rig.Got head = rig.send("HEAD", "/huge");
      // Then
      assertThat(head.headers().combined("Content-Length")).isEqualTo(Long.toString(TIB));
      // When somebody reads some of all of it and goes away
      try (RawClient client = rig.begun("/huge")) {
        assertThat(client.read(100_000)).contains("Content-Length: " + TIB);
      }
      // Then
      assertThat(rig.origin.count("/huge")).isZero();
    }
  }

  /** What a fill and its keeper leave behind. */
  private static void store(Rig rig, String target) throws Exception {
    long lastBytes = TIB % CHUNK;
    List<ChunkReader> pins = new ArrayList<>();
    ChunkId usual = adopt(rig, sparse(rig, CHUNK), pins);
    ChunkId last = adopt(rig, sparse(rig, lastBytes), pins);
    int count = (int) Manifest.chunkCount(TIB, CHUNK);
    ChunkId[] chunks = new ChunkId[count];
    Arrays.fill(chunks, usual);
    chunks[count - 1] = last;
    byte[] manifest = ManifestCodec.encode(new Manifest(TIB, CHUNK, List.of(chunks)));
    Path file = rig.world.stores.chunks().newSpoolFile();
    ChunkId named = adopt(rig, Files.write(file, manifest), pins);
    Headers fields = Headers.of("Host", "127.0.0.1:" + rig.origin.port());
    RequestHead head = new RequestHead("GET", "http", rig.origin.authority(), target, fields);
    long now = System.currentTimeMillis();
    Entry entry =
        new Entry(
            CacheKeys.of(head, "").primary(),
            VariantKey.NONE,
            head.url(),
            new StoredResponse(
                200,
                "OK",
                Headers.of("Cache-Control", "max-age=3600", "ETag", "\"huge\""),
                "GET",
                now,
                now),
            new Body.Listed(TIB, CHUNK, named),
            Epoch.FIRST,
            FillId.random());
    byte[] document = dev.weir.store.DocumentCodec.encode(new Document.EntryDocument(entry));
    assertThat(document.length).isLessThan(2_000);
    get(rig.world.stores.metadata().write(new Document.EntryDocument(entry), Version.ABSENT));
    get(rig.world.stores.retention().committed(entry));
    pins.forEach(ChunkReader::close);
  }

  /** A file of zeros with a mark at either end. */
  private static Path sparse(Rig rig, long length) throws Exception {
    Path file = rig.world.stores.chunks().newSpoolFile();
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.write(HEAD);
      out.seek(length - MARK);
      out.write(TAIL);
    }
    return file;
  }

  private static ChunkId adopt(Rig rig, Path file, List<ChunkReader> pins) throws Exception {
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    try (var in = Files.newInputStream(file)) {
      byte[] block = new byte[1 << 20];
      for (int n = in.read(block); n >= 0; n = in.read(block)) {
        sha256.update(block, 0, n);
      }
    }
    ChunkId id = new ChunkId(HexFormat.of().formatHex(sha256.digest()));
    pins.add(get(rig.world.stores.chunks().adopt(id, file, Files.size(file))));
    return id;
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
  }
}
