package dev.weir.store.elastic;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;

/**
 * A search for entries one page after the other, in the order of the fields that their ids are made
 * of: ids themselves cannot be sorted by.
 */
final class EntryQuery {
  private static final List<String> ORDER = List.of("scheme", "host", "key", "variant");

  private EntryQuery() {}

  static void write(JsonGenerator json, String host, String after, int limit) throws IOException {
    json.writeNumberField("size", limit);
    json.writeBooleanField("seq_no_primary_term", true);
    json.writeBooleanField("track_total_hits", false);
    json.writeObjectFieldStart("query");
    json.writeObjectFieldStart("bool");
    json.writeArrayFieldStart("filter");
    term(json, "doc_type", "metadata");
    if (!host.isEmpty()) {
      term(json, "host", host);
    }
    json.writeEndArray();
    json.writeEndObject();
    json.writeEndObject();
    strings(json, "sort", ORDER);
    if (!after.isEmpty()) {
      strings(json, "search_after", cursor(after));
    }
  }

  /** {@code <scheme>/<host>/<key>[+<variant>]}; what is left out sorts before everything. */
  private static List<String> cursor(String id) {
    String[] parts = id.split("/", 3);
    String last = parts.length > 2 ? parts[2] : "";
    int plus = last.indexOf('+');
    return List.of(
        parts[0],
        parts.length > 1 ? parts[1] : "",
        plus < 0 ? last : last.substring(0, plus),
        plus < 0 ? "" : last.substring(plus + 1));
  }

  private static void term(JsonGenerator json, String field, String value) throws IOException {
    json.writeStartObject();
    json.writeObjectFieldStart("term");
    json.writeStringField(field, value);
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void strings(JsonGenerator json, String name, List<String> values)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (String value : values) {
      json.writeString(value);
    }
    json.writeEndArray();
  }
}
