package dev.weir.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.log.LogText;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What is stored, written for people. Nothing from outside reaches the terminal as it came. */
final class CacheText {
  private static final int URL_CHARS = 100;

  private final PrintWriter out;

  CacheText(PrintWriter out) {
    this.out = out;
  }

  void show(JsonNode page, boolean digests) {
    line("key", page.path("key"));
    out.printf("%-15s %d%n", "epoch", page.path("epoch").asLong());
    List<String> vary = new ArrayList<>();
    page.path("vary").forEach(name -> vary.add(text(name)));
    out.printf("%-15s %s%n", "varies by", vary.isEmpty() ? "nothing" : String.join(", ", vary));
    if (page.path("variants").isEmpty()) {
      out.println("No response is stored: it was purged, or never kept.");
    }
    page.path("variants").forEach(variant -> variant(variant, digests));
  }

  private void variant(JsonNode entry, boolean digests) {
    out.println();
    line("entry", entry.path("id"));
    line("url", entry.path("url"));
    out.printf(
        "%-15s %s %d %s%n",
        "response",
        text(entry.path("method")),
        entry.path("status").asInt(),
        text(entry.path("contentType")));
    JsonNode freshness = entry.path("freshness");
    out.printf("%-15s %s%n", "freshness", freshness(freshness));
    line("stored", entry.path("storedAt"));
    line("cache-control", entry.path("cacheControl"));
    line("etag", entry.path("etag"));
    line("last-modified", entry.path("lastModified"));
    out.printf(
        "%-15s %s%s%n",
        "size",
        size(entry.path("bytes").asLong()),
        entry.path("complete").asBoolean() ? "" : ", in part");
    entry.path("parts").forEach(part -> line("part", part));
    chunks(entry, digests);
    out.printf("%-15s %s%n", "held by", tiers(entry));
    line("last access", entry.path("lastAccess"));
    out.printf(
        "%-15s %d, made by fill %s%n",
        "epoch", entry.path("epoch").asLong(), text(entry.path("tag")));
  }

  private void chunks(JsonNode entry, boolean digests) {
    JsonNode chunks = entry.path("chunks");
    long each = chunks.path("chunkBytes").asLong();
    out.printf(
        "%-15s %d%s%n",
        "chunks", chunks.path("count").asInt(), each == 0 ? "" : " of " + size(each));
    if (chunks.path("manifestIsAChunk").asBoolean()) {
      out.printf("%-15s %s%n", "", "listed in a manifest, which is the chunk looked for");
    }
    if (digests) {
      chunks.path("digests").forEach(digest -> out.println("  " + text(digest)));
    }
  }

  private static String freshness(JsonNode freshness) {
    String age = "age " + span(freshness.path("ageSeconds").asLong());
    long ttl = freshness.path("ttlSeconds").asLong();
    String lifetime =
        "lifetime %s (%s)"
            .formatted(
                span(freshness.path("lifetimeSeconds").asLong()),
                text(freshness.path("lifetimeFrom")));
    return switch (freshness.path("state").asText()) {
      case "fresh" -> "fresh for %s more, %s, %s".formatted(span(ttl), age, lifetime);
      case "validate-always" -> "to be validated before each use, " + age;
      default -> "stale for %s, %s, %s".formatted(span(-ttl), age, lifetime);
    };
  }

  private static String tiers(JsonNode entry) {
    JsonNode tiers = entry.path("tiers");
    List<String> all = new ArrayList<>();
    if (tiers.path("document").asBoolean()) {
      all.add("its document");
    }
    if (tiers.path("memory").asBoolean()) {
      all.add("memory");
    }
    long of = tiers.path("lookedFor").asLong();
    if (tiers.has("disk")) {
      all.add("disk (%d of %d chunks)".formatted(tiers.path("disk").asLong(), of));
    }
    if (tiers.has("objectStore")) {
      all.add("object store (%d of %d)".formatted(tiers.path("objectStore").asLong(), of));
    }
    if (tiers.has("objectStoreFailure")) {
      all.add("object store: " + text(tiers.path("objectStoreFailure")));
    }
    if (entry.path("pending").asBoolean()) {
      all.add("pending: its metadata is not written yet");
    }
    return String.join(", ", all);
  }

  void heading() {
    out.printf(
        "%-6s %9s %-10s %-10s %-20s %s%n", "status", "size", "age", "fresh", "last access", "url");
  }

  void row(JsonNode entry) {
    JsonNode freshness = entry.path("freshness");
    String state = freshness.path("state").asText();
    String url = text(entry.path("url"));
    out.printf(
        "%-6d %9s %-10s %-10s %-20s %s%n",
        entry.path("status").asInt(),
        size(entry.path("bytes").asLong()),
        span(freshness.path("ageSeconds").asLong()),
        state.equals("fresh")
            ? span(freshness.path("ttlSeconds").asLong())
            : text(freshness.path("state")),
        entry.has("lastAccess") ? text(entry.path("lastAccess")).replaceAll("\\.\\d+", "") : "-",
        url.length() > URL_CHARS ? url.substring(0, URL_CHARS) + "..." : url);
  }

  private void line(String name, JsonNode value) {
    if (!value.isMissingNode()) {
      out.printf("%-15s %s%n", name, text(value));
    }
  }

  private static String text(JsonNode value) {
    return LogText.escaped(value.asText(""));
  }

  static String size(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    int unit = (63 - Long.numberOfLeadingZeros(bytes)) / 10;
    return String.format(
        Locale.ROOT, "%.1f %siB", bytes / (double) (1L << (unit * 10)), "KMGTPE".charAt(unit - 1));
  }

  private static String span(long seconds) {
    Duration time = Duration.ofSeconds(Math.abs(seconds));
    if (time.toDays() > 1) {
      return time.toDays() + " d";
    }
    if (time.toHours() > 1) {
      return time.toHours() + " h";
    }
    return time.toMinutes() > 1 ? time.toMinutes() + " min" : time.toSeconds() + " s";
  }
}
