package dev.weir.store.elastic;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weir.store.elastic.ElasticClient.Found;
import dev.weir.store.elastic.ElasticClient.Operation;
import dev.weir.store.elastic.ElasticClient.Outcome;
import dev.weir.store.elastic.ElasticClient.Ref;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The servers' JSON, both ways. Answers are read as a stream and documents cut out of them as they
 * stand, for they are decoded elsewhere. What is not the JSON expected is an {@link IOException}.
 */
final class ElasticJson {
  private static final int MAX_STRING_CHARS = 32 << 20;
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxStringLength(MAX_STRING_CHARS).build())
          .build();
  private static final JsonMapper TREES = new JsonMapper(JSON);

  private ElasticJson() {}

  /** Writes one JSON text. */
  @FunctionalInterface
  interface Content {
    void write(JsonGenerator json) throws IOException;
  }

  static byte[] object(Content fields) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    writeObject(out, fields);
    return out.toByteArray();
  }

  private static void writeObject(ByteArrayOutputStream out, Content fields) {
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.writeStartObject();
      fields.write(json);
      json.writeEndObject();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  static byte[] multiGet(List<Ref> refs) {
    return object(
        json -> {
          json.writeArrayFieldStart("docs");
          for (Ref ref : refs) {
            json.writeStartObject();
            json.writeStringField("_index", ref.index());
            json.writeStringField("_id", ref.id());
            if (!ref.withSource()) {
              json.writeBooleanField("_source", false);
            }
            json.writeEndObject();
          }
          json.writeEndArray();
        });
  }

  /** Lines of an action and, but for deletions, its document. */
  static byte[] bulk(List<Operation> operations) {
    long bytes = operations.stream().mapToLong(Operation::bytes).sum();
    ByteArrayOutputStream out = new ByteArrayOutputStream(Math.toIntExact(bytes + 64));
    for (Operation operation : operations) {
      switch (operation) {
        case Operation.Create create -> {
          action(out, "create", create, null);
          line(out, create.source());
        }
        case Operation.Replace replace -> {
          action(out, "index", replace, replace.version());
          line(out, replace.source());
        }
        case Operation.Delete delete -> action(out, "delete", delete, delete.version());
      }
    }
    return out.toByteArray();
  }

  private static void action(
      ByteArrayOutputStream out, String name, Operation operation, @Nullable SeqNo version) {
    writeObject(
        out,
        json -> {
          json.writeObjectFieldStart(name);
          json.writeStringField("_index", operation.index());
          json.writeStringField("_id", operation.id());
          if (version != null) {
            json.writeNumberField("if_seq_no", version.number());
            json.writeNumberField("if_primary_term", version.primaryTerm());
          }
          json.writeEndObject();
        });
    out.write('\n');
  }

  private static void line(ByteArrayOutputStream out, byte[] source) {
    out.writeBytes(source);
    out.write('\n');
  }

  static List<Found> found(byte[] body, int expected) throws IOException {
    List<Found> all = new ArrayList<>(expected);
    try (JsonParser json = JSON.createParser(body)) {
      eachField(
          json,
          (name, at) -> {
            if (name.equals("docs")) {
              documents(at, body, all);
            } else {
              at.skipChildren();
            }
          });
    }
    if (all.size() != expected) {
      throw new IOException(all.size() + " documents for " + expected + " ids");
    }
    return all;
  }

  /**
   * One page of a walk. {@code complete} is false if a shard did not take part.
   *
   * @param total documents in the whole walk, or -1 if the page does not say so
   */
  record Page(String scrollId, boolean complete, long total, List<Found.Present> documents) {}

  static Page page(byte[] body) throws IOException {
    String[] scrollId = {""};
    boolean[] complete = {true};
    long[] total = {-1};
    List<Found> all = new ArrayList<>();
    try (JsonParser json = JSON.createParser(body)) {
      eachField(
          json,
          (name, at) -> {
            switch (name) {
              case "_scroll_id" -> scrollId[0] = at.getText();
              case "timed_out" -> complete[0] &= !at.getBooleanValue();
              case "_shards" -> complete[0] &= tree(at).path("failed").asInt(1) == 0;
              case "hits" ->
                  eachField(
                      at,
                      (inner, hits) -> {
                        switch (inner) {
                          case "hits" -> documents(hits, body, all);
                          case "total" -> total[0] = tree(hits).path("value").asLong(-1);
                          default -> hits.skipChildren();
                        }
                      });
              default -> at.skipChildren();
            }
          });
    }
    List<Found.Present> present = new ArrayList<>(all.size());
    for (Found each : all) {
      if (!(each instanceof Found.Present hit)) {
        throw new IOException("a hit without a document");
      }
      present.add(hit);
    }
    return new Page(scrollId[0], complete[0], total[0], present);
  }

  @FunctionalInterface
  private interface Field {
    void read(String name, JsonParser at) throws IOException;
  }

  /** Calls for each field with the parser at its value. */
  private static void eachField(JsonParser json, Field field) throws IOException {
    if (json.currentToken() == null) {
      json.nextToken();
    }
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw new IOException("not an object");
    }
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      json.nextToken();
      field.read(name, json);
    }
    if (json.currentToken() != JsonToken.END_OBJECT) {
      throw new IOException("an object without an end");
    }
  }

  private static void documents(JsonParser json, byte[] body, List<Found> into) throws IOException {
    if (json.currentToken() != JsonToken.START_ARRAY) {
      throw new IOException("not an array");
    }
    while (json.nextToken() == JsonToken.START_OBJECT) {
      Fields fields = new Fields(body);
      eachField(json, fields::read);
      into.add(fields.found());
    }
    if (json.currentToken() != JsonToken.END_ARRAY) {
      throw new IOException("an array without an end");
    }
  }

  private static JsonNode tree(JsonParser at) throws IOException {
    return TREES.readTree(at);
  }

  /** What has been read of one document. */
  private static final class Fields {
    private final byte[] body;
    private String id = "";
    private @Nullable Boolean found;
    private long number = -1;
    private long term = -1;
    private byte @Nullable [] source;
    private @Nullable Trouble trouble;

    Fields(byte[] body) {
      this.body = body;
    }

    void read(String name, JsonParser at) throws IOException {
      switch (name) {
        case "_id" -> id = at.getText();
        case "found" -> found = at.getBooleanValue();
        case "_seq_no" -> number = at.getLongValue();
        case "_primary_term" -> term = at.getLongValue();
        case "_source" -> {
          int begin = Math.toIntExact(at.currentTokenLocation().getByteOffset());
          at.skipChildren();
          int end = Math.toIntExact(at.currentLocation().getByteOffset());
          source = Arrays.copyOfRange(body, begin, end);
        }
        case "error" -> trouble = trouble(503, tree(at));
        default -> at.skipChildren();
      }
    }

    Found found() throws IOException {
      if (trouble != null) {
        return new Found.Unknown(trouble);
      }
      if (Boolean.FALSE.equals(found)) {
        return new Found.Absent();
      }
      if (number < 0 || term < 0) {
        throw new IOException("a document without a version");
      }
      return new Found.Present(
          id, new SeqNo(number, term).token(), source == null ? new byte[0] : source);
    }
  }

  static List<Outcome> outcomes(byte[] body, int expected) throws IOException {
    JsonNode items = TREES.readTree(body).path("items");
    if (!items.isArray() || items.size() != expected) {
      throw new IOException(items.size() + " outcomes for " + expected + " operations");
    }
    List<Outcome> all = new ArrayList<>(expected);
    for (JsonNode item : items) {
      all.add(outcome(item.elements().next()));
    }
    return all;
  }

  private static Outcome outcome(JsonNode item) {
    int status = item.path("status").asInt(0);
    return switch (status) {
      case 200, 201 ->
          new Outcome.Done(
              new SeqNo(item.path("_seq_no").asLong(-1), item.path("_primary_term").asLong(-1))
                  .token());
      case 409 -> new Outcome.Conflict();
      case 404 ->
          item.has("error")
              ? new Outcome.Failed(trouble(status, item.path("error")))
              : new Outcome.Conflict();
      default -> new Outcome.Failed(trouble(status, item.path("error")));
    };
  }

  /** What an error means; {@code error} is the servers' object, or a text, or missing. */
  static Trouble trouble(int status, JsonNode error) {
    String type = error.path("type").asText("");
    String reason = error.isTextual() ? error.asText() : error.path("reason").asText("");
    Trouble.Kind kind =
        switch (type) {
          case "index_not_found_exception" -> Trouble.Kind.NO_INDEX;
          case "cluster_block_exception" ->
              status == 503 ? Trouble.Kind.BUSY : Trouble.Kind.BLOCKED;
          default -> kind(status);
        };
    return Trouble.of(kind, "status %d %s: %s".formatted(status, type, reason));
  }

  static Trouble.Kind kind(int status) {
    return switch (status) {
      case 429, 502, 503, 504 -> Trouble.Kind.BUSY;
      default -> status >= 500 || status == 0 ? Trouble.Kind.UNREACHABLE : Trouble.Kind.REFUSED;
    };
  }

  /** The whole of a small answer. */
  static JsonNode tree(byte[] body) throws IOException {
    JsonNode tree = TREES.readTree(body);
    if (tree == null || !tree.isObject()) {
      throw new IOException("not an object");
    }
    return tree;
  }
}
