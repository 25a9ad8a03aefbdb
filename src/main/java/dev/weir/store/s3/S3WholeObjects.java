package dev.weir.store.s3;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.entry.Entry;
import dev.weir.store.Bodies;
import dev.weir.store.ManifestCodec;
import dev.weir.store.StoreException;
import dev.weir.store.WholeObjects;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.connectors.s3.MultipartUploadResult;
import org.apache.pekko.stream.connectors.s3.ObjectMetadata;
import org.apache.pekko.stream.connectors.s3.S3Attributes;
import org.apache.pekko.stream.connectors.s3.javadsl.S3;
import org.apache.pekko.stream.javadsl.Sink;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.utils.http.SdkHttpUtils;

/**
 * Bodies as objects {@code <prefix>whole/<h>/<a>/<sha256 of the manifest>}. One is made by an
 * upload of the verified body in parts of 5 MiB, which the object appears after; nodes that make
 * the same one at a time write the same bytes. It is made again in time before the collector
 * deletes it by its age, so that no URL outlives its object.
 */
public final class S3WholeObjects implements WholeObjects {
  static final String FOLDER = "whole/";
  private static final Logger log = LoggerFactory.getLogger(S3WholeObjects.class);
  private static final CompletionStage<Optional<String>> NOWHERE =
      CompletableFuture.completedFuture(Optional.empty());
  private static final long RECHECK_MILLIS = 3_600_000;
  private static final long SHORTEST_MILLIS = 30_000;

  /** Whether an object is there; looked at again when the time is over. */
  private record Known(boolean there, long untilMillis) {}

  private record Signed(String url, long untilMillis) {}

  private final S3StoreSettings store;
  private final WholeSettings settings;
  private final long maxAgeMillis;
  private final Bodies bodies;
  private final S3Access access;
  private final Presigner presigner;
  private final Clock clock;
  private final Executor blocking;
  private final Materializer materializer;
  private final Attributes attributes;
  private final Cache<String, Known> objects;
  private final Cache<String, Signed> urls;
  private final Set<String> making = ConcurrentHashMap.newKeySet();
  private final Semaphore makes;

  /**
   * @param maxAgeMillis after which the collector deletes such an object
   * @param blocking for credentials, which may have to be fetched
   */
  public S3WholeObjects(
      S3StoreSettings store,
      WholeSettings settings,
      long maxAgeMillis,
      S3Access access,
      Bodies bodies,
      Clock clock,
      Executor blocking,
      ActorSystem system) {
    this.store = store;
    this.settings = settings;
    this.maxAgeMillis = maxAgeMillis;
    this.access = access;
    this.bodies = bodies;
    this.clock = clock;
    this.blocking = blocking;
    this.presigner = new Presigner(access.region().id(), clock);
    this.materializer = SystemMaterializer.get(system).materializer();
    this.attributes = S3Attributes.settings(access.connection(store, system));
    this.objects = Caffeine.newBuilder().maximumSize(settings.rememberedUrls()).build();
    this.urls = Caffeine.newBuilder().maximumSize(settings.rememberedUrls()).build();
    this.makes = new Semaphore(settings.makes());
  }

  @Override
  public CompletionStage<Optional<String>> url(
      Entry entry, boolean isHead, Map<String, String> fields) {
    Optional<String> digest = ManifestCodec.digest(entry.body());
    if (digest.isEmpty() || entry.body().length() > settings.maxBytes()) {
      return NOWHERE;
    }
    String key = key(digest.get(), fields);
    long now = clock.millis();
    Known known = objects.getIfPresent(key);
    if (known == null || known.untilMillis() <= now) {
      prepare(entry, key, fields);
      return NOWHERE;
    }
    if (!known.there()) {
      return NOWHERE;
    }
    if (!settings.baseUrl().isEmpty()) {
      return CompletableFuture.completedFuture(Optional.of(settings.baseUrl() + key));
    }
    String name = (isHead ? "HEAD " : "GET ") + key + new TreeMap<>(fields);
    Signed signed = urls.getIfPresent(name);
    return signed != null && signed.untilMillis() > now
        ? CompletableFuture.completedFuture(Optional.of(signed.url()))
        : CompletableFuture.supplyAsync(() -> sign(name, key, isHead, fields), blocking);
  }

  /** At a base URL nobody can say what the answer is to be like, so the object has to know. */
  private String key(String digest, Map<String, String> fields) {
    String name =
        settings.baseUrl().isEmpty() ? digest : ManifestCodec.named(digest, new TreeMap<>(fields));
    return store.prefix() + FOLDER + name.charAt(0) + "/" + name.charAt(1) + "/" + name;
  }

  private Optional<String> sign(
      String name, String key, boolean isHead, Map<String, String> fields) {
    try {
      AwsCredentialsIdentity credentials = access.credentials().resolveCredentials();
      long now = clock.millis();
      // A URL is good no longer than the credentials that signed it.
      long lifetime =
          credentials
              .expirationTime()
              .map(end -> Math.min(settings.lifetimeMillis(), end.toEpochMilli() - now))
              .orElse(settings.lifetimeMillis());
      if (lifetime < SHORTEST_MILLIS) {
        return Optional.empty();
      }
      Map<String, String> query = new TreeMap<>();
      fields.forEach((field, value) -> query.put("response-" + field, value));
      String url =
          presigner.sign(
              isHead ? SdkHttpMethod.HEAD : SdkHttpMethod.GET,
              location(key),
              query,
              credentials,
              Duration.ofMillis(lifetime));
      urls.put(name, new Signed(url, now + lifetime / 2));
      return Optional.of(url);
    } catch (RuntimeException refused) {
      log.warn("No URL could be signed: {}", refused.getClass().getSimpleName());
      return Optional.empty();
    }
  }

  private URI location(String key) {
    boolean byPath = access.byPath(store);
    String host =
        store.endpoint().isEmpty()
            ? "https://"
                + (byPath ? "" : store.bucket() + ".")
                + "s3."
                + access.region().id()
                + ".amazonaws.com"
            : S3Access.withoutSlash(store.endpoint());
    // The prefix is the operator's and may hold anything.
    String path = "/" + (byPath ? store.bucket() + "/" : "") + key;
    return URI.create(host + encoded(path));
  }

  private static String encoded(String path) {
    return SdkHttpUtils.urlEncodeIgnoreSlashes(path);
  }

  /** Looks for the object and makes it if it is missing or old; one at a time of each. */
  private void prepare(Entry entry, String key, Map<String, String> fields) {
    if (!making.add(key)) {
      return;
    }
    if (!makes.tryAcquire()) {
      making.remove(key); // another hit comes
      return;
    }
    var _ =
        examine(entry, key)
            .thenCompose(
                known ->
                    known.there()
                        ? CompletableFuture.completedFuture(known)
                        : make(entry, key, fields).thenCompose(_ -> examine(entry, key)))
            .whenComplete(
                (known, failure) -> {
                  long retry = clock.millis() + settings.retryMillis();
                  objects.put(
                      key, known != null && known.there() ? known : new Known(false, retry));
                  makes.release();
                  making.remove(key);
                  if (failure != null) {
                    log.warn(
                        "{} could not be made: {}",
                        key,
                        failure.toString().replaceAll("\\p{Cntrl}+", " "));
                  }
                });
  }

  private CompletionStage<Known> examine(Entry entry, String key) {
    return S3.getObjectMetadata(store.bucket(), key)
        .withAttributes(attributes)
        .runWith(Sink.head(), materializer)
        .thenApply(found -> found.map(data -> known(entry, data)).orElse(new Known(false, 0)));
  }

  private Known known(Entry entry, ObjectMetadata data) {
    long now = clock.millis();
    long end =
        data.getLastModified().clicks() + maxAgeMillis - RECHECK_MILLIS - settings.lifetimeMillis();
    return new Known(
        data.getContentLength() == entry.body().length() && end > now,
        Math.min(end, now + RECHECK_MILLIS));
  }

  private CompletionStage<MultipartUploadResult> make(
      Entry entry, String key, Map<String, String> fields) {
    return bodies
        .open(entry)
        .thenCompose(
            opened ->
                opened
                    .orElseThrow(() -> new StoreException("its body is not whole"))
                    .bytes(0, entry.body().length())
                    .completionTimeout(Duration.ofMillis(settings.makeTimeoutMillis()))
                    .runWith(
                        PartedUpload.to(store.bucket(), key, fields).withAttributes(attributes),
                        materializer));
  }
}
