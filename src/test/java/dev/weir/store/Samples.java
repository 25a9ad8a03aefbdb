package dev.weir.store;

import com.typesafe.config.ConfigFactory;
import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Manifest;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.http.Headers;
import dev.weir.http.StoredResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Entries, bodies and settings for the tests of this room. */
final class Samples {
  private Samples() {}

  /** The defaults, with some keys given another value; no fsync, no reserve of free space. */
  static StoreSettings settings(Map<String, ?> overrides) {
    return StoreSettings.from(
        ConfigFactory.parseMap(overrides)
            .withFallback(
                ConfigFactory.parseMap(
                    Map.of("metadata.sync-writes", false, "chunks.sync-writes", false)))
            .withFallback(
                ConfigFactory.parseResources("reference/store.conf")
                    .resolve()
                    .getConfig("weir.store")));
  }

  static StoreSettings settings() {
    return settings(Map.of("chunks.min-free-bytes", 0));
  }

  static PrimaryKey key(String name) {
    return new PrimaryKey("https", "origin.test", digest(name.getBytes(), "SHA-224"));
  }

  static Entry entry(String name, Body body) {
    return new Entry(
        key(name),
        VariantKey.NONE,
        "https://origin.test/" + name,
        response(),
        body,
        Epoch.FIRST,
        FillId.random());
  }

  static Entry inline(String name) {
    return entry(name, new Body.Inline(name.getBytes()));
  }

  static StoredResponse response() {
    Headers headers = Headers.of("Content-Type", "text/plain", "ETag", "\"v1\"");
    return new StoredResponse(200, "OK", headers, "GET", 1_700_000_000_000L, 1_700_000_000_123L);
  }

  static byte[] bytes(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  static ChunkId id(byte[] bytes) {
    return new ChunkId(digest(bytes, "SHA-256"));
  }

  static String digest(byte[] bytes, String algorithm) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  static Path spool(ChunkStore chunks, byte[] bytes) throws IOException {
    return Files.write(chunks.newSpoolFile(), bytes);
  }

  static ChunkReader adopt(ChunkStore chunks, byte[] bytes) throws Exception {
    return get(chunks.adopt(id(bytes), spool(chunks, bytes), bytes.length));
  }

  /** Cuts the bytes into chunks, stores them and leaves them pinned. */
  static Stored store(ChunkStore chunks, byte[] bytes, int chunkBytes) throws Exception {
    List<ChunkId> ids = new ArrayList<>();
    List<ChunkReader> pins = new ArrayList<>();
    for (int at = 0; at < bytes.length; at += chunkBytes) {
      byte[] chunk =
          java.util.Arrays.copyOfRange(bytes, at, Math.min(at + chunkBytes, bytes.length));
      pins.add(adopt(chunks, chunk));
      ids.add(id(chunk));
    }
    return new Stored(new Body.Chunked(new Manifest(bytes.length, chunkBytes, ids)), pins);
  }

  /** Does what a fill and its keeper do: chunks, document, announcement, and the pins go. */
  static Entry commit(LocalStores stores, String name, byte[] bytes, int chunkBytes)
      throws Exception {
    Stored stored = store(stores.chunks(), bytes, chunkBytes);
    Entry entry = entry(name, stored.body());
    get(stores.metadata().write(new Document.EntryDocument(entry), MetadataStore.Version.ABSENT));
    get(stores.retention().committed(entry));
    stored.pins().forEach(ChunkReader::close);
    return entry;
  }

  /** The chunks of an entry whose manifest is in its document. */
  static List<ChunkId> chunks(Entry entry) {
    return List.copyOf(
        BodyChunks.lengths(
                entry.body(),
                listed -> {
                  throw new AssertionError("its manifest is a chunk");
                })
            .keySet());
  }

  record Stored(Body body, List<ChunkReader> pins) {}

  static Manifest manifest(int chunks) {
    return new Manifest(
        chunks * 10L,
        10,
        IntStream.range(0, chunks)
            .mapToObj(i -> id(Integer.toString(i).getBytes()))
            .collect(Collectors.toList()));
  }

  static <T> T get(CompletionStage<T> stage)
      throws ExecutionException, InterruptedException, TimeoutException {
    return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
  }
}
