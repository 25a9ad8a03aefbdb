package dev.weir.store.s3;

import dev.weir.entry.ChunkId;
import dev.weir.store.ObjectStore;
import dev.weir.store.ObjectStoreMetrics;
import dev.weir.store.StoreException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpMethod;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.LastModified;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.connectors.s3.ListBucketResultContents;
import org.apache.pekko.stream.connectors.s3.S3Attributes;
import org.apache.pekko.stream.connectors.s3.S3Exception;
import org.apache.pekko.stream.connectors.s3.S3Headers;
import org.apache.pekko.stream.connectors.s3.javadsl.S3;
import org.apache.pekko.stream.javadsl.FileIO;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import scala.collection.immutable.Map$;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Chunks as objects {@code <prefix>data/<h>/<a>/<s>/<h>/<sha256>} of one bucket, each put whole.
 *
 * <p>The connector signs with the SHA-256 of what it sends, reading the file twice, and S3 refuses
 * bytes that differ: what was damaged on its way is never stored.
 */
public final class S3ObjectStore implements ObjectStore {
  private static final Pattern CHUNK_KEY = Pattern.compile("data/(?:[0-9a-f]/)*([0-9a-f]{64})");
  private static final int FILE_READ_BYTES = 64 << 10;

  private final S3StoreSettings settings;
  private final Materializer materializer;
  private final ActorSystem system;
  private final Attributes attributes;
  private final ObjectStoreMetrics metrics = new ObjectStoreMetrics();
  private final S3Health health;
  private final S3Answers answers;
  private final S3Owner owner;

  /**
   * The store in that bucket; nothing is asked of it yet.
   *
   * @param access who asks, and of which region
   * @param system runs the streams; its configuration must contain {@link S3StoreSettings#pools}
   */
  public S3ObjectStore(S3StoreSettings settings, S3Access access, ActorSystem system) {
    this.settings = settings;
    this.system = system;
    this.materializer = SystemMaterializer.get(system).materializer();
    this.attributes = S3Attributes.settings(access.connection(settings, system));
    this.health = new S3Health(settings, metrics, System::nanoTime);
    this.answers = new S3Answers(settings.bucket());
    this.owner = new S3Owner(settings, attributes, system, health, answers);
  }

  @Override
  public CompletionStage<Put> put(ChunkId id, Path file, long lengthBytes, boolean replace) {
    CompletionStage<Boolean> present =
        replace
            ? CompletableFuture.completedStage(false)
            : examine(id)
                .thenApply(found -> found.filter(held -> held.lengthBytes() == lengthBytes))
                .thenApply(Optional::isPresent);
    return present.thenCompose(
        there -> {
          if (there) {
            metrics.putsSkipped.increment();
            return CompletableFuture.completedStage(Put.PRESENT);
          }
          return write(id, file, lengthBytes).thenApply(_ -> Put.WRITTEN);
        });
  }

  /** No access list is sent: buckets that know none refuse it, and the default is private. */
  private CompletionStage<Void> write(ChunkId id, Path file, long lengthBytes) {
    return S3.putObject(
            settings.bucket(),
            key(id),
            checked(id, file),
            lengthBytes,
            ContentTypes.APPLICATION_OCTET_STREAM,
            S3Headers.create())
        .withAttributes(attributes)
        .runWith(Sink.head(), materializer)
        .handle(
            (_, failure) -> {
              if (failure != null) {
                throw health.failed("put", failure);
              }
              health.fine();
              metrics.puts.increment();
              metrics.bytesWritten.add(lengthBytes);
              return null;
            });
  }

  /** The connector reads it twice, to sign and to send; the first time the digest is checked. */
  private static Source<ByteString, ?> checked(ChunkId id, Path file) {
    AtomicBoolean first = new AtomicBoolean(true);
    return Source.lazySource(
        () -> {
          Source<ByteString, NotUsed> bytes =
              FileIO.fromPath(file, FILE_READ_BYTES)
                  .mapMaterializedValue(_ -> NotUsed.getInstance());
          return first.getAndSet(false)
              ? bytes.statefulMap(
                  () -> MessageDigest.getInstance("SHA-256"),
                  (sha256, part) -> {
                    part.getByteBuffers().forEach(sha256::update);
                    return Pair.create(sha256, part);
                  },
                  sha256 -> {
                    if (!HexFormat.of().formatHex(sha256.digest()).equals(id.hex())) {
                      throw damagedHere(id);
                    }
                    return Optional.empty();
                  })
              : bytes;
        });
  }

  private static StoreException damagedHere(ChunkId id) {
    return new StoreException(
        StoreException.Kind.ABSENT, "Chunk " + id.hex() + " is damaged on this disk.");
  }

  @Override
  public CompletionStage<Map<ChunkId, Long>> lengths(List<ChunkId> ids) {
    return Source.from(ids)
        .mapAsyncUnordered(settings.maxConnections(), this::examine)
        .mapConcat(found -> found.stream().toList())
        .runWith(Sink.seq(), materializer)
        .thenApply(
            all ->
                all.stream()
                    .collect(Collectors.toMap(Listed::id, Listed::lengthBytes, (one, _) -> one)));
  }

  @Override
  public CompletionStage<Optional<Listed>> examine(ChunkId id) {
    return request(id, HttpMethods.HEAD, S3Headers.create())
        .runWith(Sink.head(), materializer)
        .thenCompose(response -> examined(id, response))
        .handle(
            (found, failure) -> {
              if (failure != null) {
                throw health.failed("head", failure);
              }
              health.fine();
              return found;
            });
  }

  private CompletionStage<Optional<Listed>> examined(ChunkId id, HttpResponse response) {
    long length = response.entity().getContentLengthOption().orElse(-1);
    response.discardEntityBytes(materializer);
    int status = response.status().intValue();
    if (status == 200) {
      Instant modified =
          response
              .getHeader(LastModified.class)
              .map(at -> Instant.ofEpochMilli(at.date().clicks()))
              .orElse(Instant.EPOCH); // of unknown age counts as old
      return CompletableFuture.completedStage(Optional.of(new Listed(id, length, modified)));
    }
    return answers.isAbsence(status, S3Answers.DENIED)
        ? CompletableFuture.completedStage(Optional.empty())
        : CompletableFuture.failedStage(answers.refusal(status, ""));
  }

  @Override
  public CompletionStage<String> owner(String owner, boolean replace) {
    return this.owner.claim(owner, replace);
  }

  @Override
  public Source<ByteString, NotUsed> read(ChunkId id, long from, long to) {
    if (from == to) {
      return Source.empty();
    }
    S3Headers range =
        S3Headers.create()
            .withCustomHeaders(
                Map$.MODULE$.from(
                    CollectionConverters.asScala(
                        Map.of("Range", "bytes=" + from + "-" + (to - 1)))));
    metrics.reads.increment();
    return request(id, HttpMethods.GET, range)
        .flatMapConcat(response -> bytes(id, response, to - from))
        .idleTimeout(Duration.ofMillis(settings.idleTimeoutMillis()))
        .map(
            bytes -> {
              metrics.bytesRead.add(bytes.size());
              return bytes;
            })
        .mapError(Throwable.class, failure -> health.failed("get", failure));
  }

  private Source<ByteString, ?> bytes(ChunkId id, HttpResponse response, long lengthBytes) {
    int status = response.status().intValue();
    if (status == 206 || status == 200) {
      long length = response.entity().getContentLengthOption().orElse(-1);
      if (length != lengthBytes) {
        response.discardEntityBytes(materializer);
        return Source.failed(
            new StoreException(
                StoreException.Kind.ABSENT,
                "Chunk " + id.hex() + " has another length in S3: " + length + "."));
      }
      health.fine();
      return response.entity().withoutSizeLimit().getDataBytes();
    }
    return response
        .entity()
        .withSizeLimit(S3Answers.MAX_BYTES)
        .getDataBytes()
        .fold(ByteString.emptyByteString(), ByteString::concat)
        .recoverWithRetries(1, Throwable.class, () -> Source.single(ByteString.emptyByteString()))
        .flatMapConcat(body -> Source.failed(answer(id, status, body.utf8String())));
  }

  private StoreException answer(ChunkId id, int status, String body) {
    String code = S3Answers.code(body);
    if (status == 416) {
      return new StoreException(
          StoreException.Kind.ABSENT, "Chunk " + id.hex() + " is shorter in S3.");
    }
    if (answers.isAbsence(status, code)) {
      metrics.absent.increment();
      health.fine();
      return new StoreException(StoreException.Kind.ABSENT, "Chunk " + id.hex() + " is not in S3.");
    }
    return answers.refusal(status, code);
  }

  private Source<HttpResponse, NotUsed> request(ChunkId id, HttpMethod method, S3Headers headers) {
    return S3.request(settings.bucket(), key(id), method, headers)
        .withAttributes(attributes)
        .initialTimeout(Duration.ofMillis(settings.responseTimeoutMillis()));
  }

  @Override
  public Source<Listed, NotUsed> list(String hexPrefix) {
    return keys(settings.prefix() + path(hexPrefix))
        .mapConcat(found -> listed(found).stream().toList())
        .mapError(Throwable.class, failure -> health.failed("list", failure));
  }

  private Source<ListBucketResultContents, NotUsed> keys(String prefix) {
    return S3.listBucket(settings.bucket(), Optional.of(prefix))
        .withAttributes(attributes)
        .map(
            found -> {
              answers.mayList(true);
              return found;
            });
  }

  private Optional<Listed> listed(ListBucketResultContents found) {
    Matcher key = CHUNK_KEY.matcher(found.getKey().substring(settings.prefix().length()));
    return key.matches()
        ? Optional.of(
            new Listed(new ChunkId(key.group(1)), found.getSize(), found.getLastModified()))
        : Optional.empty();
  }

  /** As {@link ChunkId#path}, of the first digits alone. */
  private String path(String hexPrefix) {
    StringBuilder path = new StringBuilder("data/");
    int levels = Math.min(settings.hashPrefixDepth(), hexPrefix.length());
    for (int i = 0; i < levels; i++) {
      path.append(hexPrefix.charAt(i)).append('/');
    }
    return hexPrefix.length() < settings.hashPrefixDepth()
        ? path.toString()
        : path.append(hexPrefix).toString();
  }

  private String key(ChunkId id) {
    return settings.prefix() + id.path(settings.hashPrefixDepth());
  }

  @Override
  public CompletionStage<Integer> delete(List<ChunkId> ids) {
    return Source.from(ids)
        .mapAsyncUnordered(
            settings.maxConnections(),
            id ->
                S3.deleteObject(settings.bucket(), key(id))
                    .withAttributes(attributes)
                    .runWith(Sink.head(), materializer))
        .runFold(0, (count, _) -> count + 1, materializer)
        .handle(
            (count, failure) -> {
              if (failure != null) {
                throw health.failed("delete", failure);
              }
              return count;
            });
  }

  @Override
  public CompletionStage<Integer> expireWhole(Instant before) {
    return keys(settings.prefix() + S3WholeObjects.FOLDER)
        .filter(found -> found.getLastModified().isBefore(before))
        .mapAsyncUnordered(
            settings.maxConnections(),
            found ->
                S3.deleteObject(settings.bucket(), found.getKey())
                    .withAttributes(attributes)
                    .runWith(Sink.head(), materializer))
        .runFold(0, (count, _) -> count + 1, materializer)
        .handle(
            (count, failure) -> {
              if (failure != null) {
                throw health.failed("delete", failure);
              }
              return count;
            });
  }

  /**
   * Ends uploads in several parts that nobody has completed for long, by whomever: S3 keeps and
   * charges their parts for ever. Completes with how many.
   */
  public CompletionStage<Integer> sweepUploads(Instant now) {
    Instant before = now.minusMillis(settings.abandonedUploadMillis());
    List<String> ours =
        settings.prefix().isEmpty()
            ? List.of("data/", S3WholeObjects.FOLDER)
            : List.of(settings.prefix());
    return Source.from(ours)
        .flatMapConcat(
            prefix ->
                S3.listMultipartUpload(settings.bucket(), Optional.of(prefix))
                    .withAttributes(attributes))
        .filter(upload -> upload.initiated().isBefore(before))
        .mapAsync(
            1,
            upload ->
                S3.deleteUpload(
                    settings.bucket(), upload.key(), upload.uploadId(), system, attributes))
        .runFold(0, (count, _) -> count + 1, materializer);
  }

  /** What the last call met, asked anew if that was long ago. */
  @Override
  public CompletionStage<Optional<String>> problem() {
    if (health.isRecent()) {
      return CompletableFuture.completedStage(health.problem());
    }
    return keys(settings.prefix() + "data/0/0/")
        .runWith(Sink.headOption(), materializer)
        .handle(
            (_, failure) -> {
              if (failure == null) {
                health.fine();
              } else if (S3Health.cause(failure) instanceof S3Exception refused
                  && refused.code().equals(S3Answers.DENIED)) {
                answers.mayList(false);
                health.fine();
              } else {
                var _ = health.failed("probe", failure);
              }
              return health.problem();
            });
  }

  @Override
  public ObjectStoreMetrics metrics() {
    return metrics;
  }

  /** Calls under way end with the actor system. */
  @Override
  public void close() {}
}
