package dev.weir.cache;

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
import dev.weir.store.Document;
import dev.weir.store.MetadataStore;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/** A metadata store in which every key is, as an object of a package registry would be. */
final class KnownMetadata {
  private static final int KEY_DIGITS = 56;

  private KnownMetadata() {}

  /** Digits without order, as digests have: they are what does not compress. */
  static PrimaryKey key(int number) {
    return new PrimaryKey("https", "packages.test", digits(number, KEY_DIGITS));
  }

  private static String digits(int number, int count) {
    SplittableRandom random = new SplittableRandom(number);
    StringBuilder digits = new StringBuilder();
    while (digits.length() < count) {
      digits.append("%08x".formatted(random.nextInt()));
    }
    return digits.toString();
  }

  /** Eleven fields, and one chunk below a mebibyte. */
  static Entry entry(PrimaryKey key) {
    String name = "example-" + key.digest().substring(KEY_DIGITS - 8);
    Headers fields =
        read(
            "Content-Type", "application/octet-stream",
            "Content-Length", "734003",
            "ETag", "\"" + name + "-5f3c1a\"",
            "Last-Modified", "Tue, 04 Mar 2025 10:11:12 GMT",
            "Cache-Control", "public, max-age=31536000, immutable",
            "Accept-Ranges", "bytes",
            "Server", "nginx",
            "Vary", "Accept-Encoding",
            "X-Served-By", "cache-fra-etou8220031-FRA",
            "X-Content-Type-Options", "nosniff",
            "Strict-Transport-Security", "max-age=31536000");
    long now = System.currentTimeMillis();
    StoredResponse response = new StoredResponse(200, "", fields, "GET", now, now + 40);
    Body body =
        new Body.Chunked(
            new Manifest(
                734_003, 8 << 20, List.of(new ChunkId(digits(key.digest().hashCode(), 64)))));
    return new Entry(
        key,
        VariantKey.NONE,
        "https://packages.test/files/" + name + "/" + name + "-1.2.3.tar.gz",
        response,
        body,
        Epoch.FIRST,
        FillId.random());
  }

  /** As off the wire: no string is shared with another entry. */
  private static Headers read(String... namesAndValues) {
    return Headers.of(
        Stream.of(namesAndValues)
            .map(each -> String.valueOf(each.toCharArray()))
            .toArray(String[]::new));
  }

  /**
   * Reads answer from here, everything else from there.
   *
   * @param asked is told every key that is looked up, as a keeper on this node does when it is born
   */
  static MetadataStore before(MetadataStore rest, Set<PrimaryKey> asked) {
    return (MetadataStore)
        Proxy.newProxyInstance(
            MetadataStore.class.getClassLoader(),
            new Class<?>[] {MetadataStore.class},
            (self, method, arguments) ->
                method.getName().equals("read")
                    ? CompletableFuture.completedStage(found((List<?>) arguments[0], asked))
                    : method.invoke(rest, arguments));
  }

  private static List<Optional<MetadataStore.Versioned>> found(List<?> ids, Set<PrimaryKey> asked) {
    return ids.stream().map(id -> found((String) id, asked)).toList();
  }

  private static Optional<MetadataStore.Versioned> found(String id, Set<PrimaryKey> asked) {
    if (id.contains("/_vary/")) {
      return Optional.empty();
    }
    PrimaryKey key =
        new PrimaryKey("https", "packages.test", id.substring(id.length() - KEY_DIGITS));
    asked.add(key);
    return Optional.of(
        new MetadataStore.Versioned(
            new Document.EntryDocument(entry(key)), new MetadataStore.Version("1")));
  }
}
