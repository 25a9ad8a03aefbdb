package dev.weir.inspect;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.http.Freshness;
import dev.weir.http.FreshnessInfo;
import dev.weir.http.StorageRules;
import dev.weir.http.StoredResponse;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * An entry as a JSON object, judged at one moment. Header fields that may be secrets are absent.
 */
final class EntryText {
  private static final int MAX_VALUE_CHARS = 512;

  private final ObjectMapper json;
  private final StorageRules rules;
  private final long nowMillis;

  EntryText(ObjectMapper json, StorageRules rules, long nowMillis) {
    this.json = json;
    this.rules = rules;
    this.nowMillis = nowMillis;
  }

  ObjectNode of(Entry entry) {
    StoredResponse response = entry.response();
    ObjectNode told = json.createObjectNode();
    told.put("id", entry.documentId());
    told.put("url", PlainUrl.of(entry.url()));
    told.put("method", response.method());
    told.put("status", response.status());
    field(told, "contentType", response.headers().first("Content-Type"));
    field(told, "contentEncoding", response.headers().combined("Content-Encoding"));
    field(told, "cacheControl", response.headers().combined("Cache-Control"));
    told.put("bytes", entry.body().length());
    told.put("complete", entry.complete());
    told.put("storedAt", Instant.ofEpochMilli(response.responseTimeMillis()).toString());
    told.put("epoch", entry.epoch().value());
    told.put("tag", entry.tag().text());
    freshness(told, Freshness.of(response, rules));
    parts(told, entry.body());
    return told;
  }

  private void freshness(ObjectNode told, FreshnessInfo info) {
    ObjectNode freshness = told.putObject("freshness");
    freshness.put("state", state(info));
    freshness.put("ageSeconds", info.ageMillis(nowMillis) / 1000);
    freshness.put("lifetimeSeconds", info.lifetimeMillis() / 1000);
    freshness.put("ttlSeconds", info.ttlMillis(nowMillis) / 1000);
    freshness.put("lifetimeFrom", info.source().name().toLowerCase(Locale.ROOT).replace('_', '-'));
    field(told, "etag", info.entityTag());
    field(told, "lastModified", info.lastModified());
  }

  /** By the response's own words; a policy or rule may serve it longer. */
  private String state(FreshnessInfo info) {
    if (info.control().noCache()) {
      return "validate-always";
    }
    return info.isFresh(nowMillis) ? "fresh" : "stale";
  }

  void chunks(ObjectNode told, Chunks chunks) {
    ObjectNode all = told.putObject("chunks");
    all.put("count", chunks.bodyCount());
    all.put("manifestIsAChunk", chunks.bodyCount() > chunks.count());
    if (chunks.chunkBytes() > 0) {
      all.put("chunkBytes", chunks.chunkBytes());
    }
    ArrayNode digests = all.putArray("digests");
    chunks.ids().forEach(id -> digests.add(id.hex()));
  }

  /** What is there of a body that is stored in part, as Content-Range would say it. */
  private static void parts(ObjectNode told, Body body) {
    if (body instanceof Body.Segmented(long total, var segments)) {
      ArrayNode parts = told.putArray("parts");
      segments.forEach(segment -> parts.add(segment.first() + "-" + (segment.end() - 1)));
    }
  }

  CompletionStage<ObjectNode> lastAccess(ObjectNode told, CompletionStage<Optional<Long>> asked) {
    return asked.handle(
        (found, failure) -> {
          if (failure == null) {
            found.ifPresent(at -> told.put("lastAccess", Instant.ofEpochMilli(at).toString()));
          }
          return told;
        });
  }

  static String cause(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return String.valueOf(cause.getMessage());
  }

  private static void field(ObjectNode told, String name, @Nullable String value) {
    if (value != null) {
      told.put(
          name,
          value.length() <= MAX_VALUE_CHARS ? value : value.substring(0, MAX_VALUE_CHARS) + "…");
    }
  }
}
