package dev.weir.store;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Manifest;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What it costs to name a chunk by its bytes, and to write and read manifests and documents. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ContentBenchmark {
  private static final int CHUNK_BYTES = 8 << 20;
  private static final int SLICE_BYTES = 256 << 10;

  private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
  private final Manifest manifest = manifest(1000);
  private final byte[] encoded = ManifestCodec.encode(manifest);
  private final Document document =
      new Document.EntryDocument(Samples.entry("a", new Body.Chunked(manifest(8))));
  private final byte[] written = DocumentCodec.encode(document);

  private static Manifest manifest(int chunks) {
    List<ChunkId> ids =
        IntStream.range(0, chunks).mapToObj(i -> new ChunkId("%064x".formatted(i))).toList();
    return new Manifest((long) chunks * CHUNK_BYTES, CHUNK_BYTES, ids);
  }

  /** A chunk of 8 MiB in slices of 256 KiB, as a spool sees them. */
  @Benchmark
  public byte[] hashChunk() {
    MessageDigest sha256 = Sha256.begin();
    for (int at = 0; at < CHUNK_BYTES; at += SLICE_BYTES) {
      sha256.update(chunk.slice(at, SLICE_BYTES));
    }
    return sha256.digest();
  }

  /** Of a body of 8 GB. */
  @Benchmark
  public byte[] encodeManifest() {
    return ManifestCodec.encode(manifest);
  }

  @Benchmark
  public Manifest decodeManifest() {
    return ManifestCodec.decode(encoded);
  }

  @Benchmark
  public byte[] encodeDocument() {
    return DocumentCodec.encode(document);
  }

  @Benchmark
  public Document decodeDocument() {
    return DocumentCodec.decode(written, 0, written.length);
  }
}
