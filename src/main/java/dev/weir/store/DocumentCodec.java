package dev.weir.store;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.entry.VaryIndex;
import dev.weir.http.Headers;
import dev.weir.http.StoredResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Documents as JSON, the same text for RocksDB and for Elasticsearch.
 *
 * <p>An entry has {@code doc_type} "metadata", a vary index "vary_index". Times are milliseconds
 * since the epoch. {@code headers} alternates names and values so that order, spelling and repeats
 * survive; every char of a value is one octet and comes back as it was. A body is {@code body_b64},
 * {@code manifest_b64} as {@link ManifestCodec} writes it, {@code manifest_chunk} with {@code
 * manifest_size} and {@code chunk_size} where these bytes are a chunk, or {@code segments}: objects
 * of {@code first} and one of the former. {@code body_digest} is the SHA-256 of the body's or the
 * manifest's bytes, by which equal bodies are found; reading does not need it. Fields may be added,
 * never renamed or given another meaning; readers skip what they do not know.
 *
 * <p>Errors: {@link StoreException} for what is not such a document. Limit: one string of 32 MiB.
 */
public final class DocumentCodec {
  private static final int MAX_STRING_CHARS = 32 << 20;
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxStringLength(MAX_STRING_CHARS).build())
          .build();

  private DocumentCodec() {}

  /** The document as UTF-8 text of one line. */
  public static byte[] encode(Document document) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.writeStartObject();
      switch (document) {
        case Document.EntryDocument(Entry entry) -> writeEntry(json, entry);
        case Document.VaryDocument(VaryIndex index) -> writeIndex(json, index);
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw StoreException.of("A metadata document cannot be written", e);
    }
    return out.toByteArray();
  }

  private static void writeEntry(JsonGenerator json, Entry entry) throws IOException {
    StoredResponse response = entry.response();
    json.writeStringField("doc_type", "metadata");
    writeKey(json, entry.key());
    json.writeStringField("variant", entry.variant().digest());
    json.writeStringField("url", entry.url());
    json.writeStringField("method", response.method());
    json.writeNumberField("status_code", response.status());
    json.writeStringField("reason", response.reason());
    json.writeArrayFieldStart("headers");
    Headers headers = response.headers();
    for (int i = 0; i < headers.size(); i++) {
      json.writeString(headers.name(i));
      json.writeString(headers.value(i));
    }
    json.writeEndArray();
    json.writeNumberField("requested_at", response.requestTimeMillis());
    json.writeNumberField("stored_at", response.responseTimeMillis());
    json.writeNumberField("epoch", entry.epoch().value());
    json.writeStringField("tag", entry.tag().text());
    json.writeNumberField("content_size", entry.body().length());
    switch (entry.body()) {
      case Body.Inline(byte[] bytes) -> {
        json.writeStringField("body_digest", Sha256.hex(bytes));
        json.writeBinaryField("body_b64", bytes);
      }
      case Body.Chunked(var manifest) -> {
        byte[] encoded = ManifestCodec.encode(manifest);
        json.writeStringField("body_digest", Sha256.hex(encoded));
        json.writeBinaryField("manifest_b64", encoded);
      }
      case Body.Listed listed -> {
        json.writeStringField("body_digest", listed.manifest().hex());
        writeListed(json, listed);
      }
      case Body.Segmented(long total, var segments) -> writeSegments(json, segments);
    }
  }

  private static void writeListed(JsonGenerator json, Body.Listed listed) throws IOException {
    json.writeStringField("manifest_chunk", listed.manifest().hex());
    json.writeNumberField("manifest_size", listed.totalBytes());
    json.writeNumberField("chunk_size", listed.chunkBytes());
  }

  private static void writeSegments(JsonGenerator json, List<Body.Segment> segments)
      throws IOException {
    json.writeArrayFieldStart("segments");
    for (Body.Segment segment : segments) {
      json.writeStartObject();
      json.writeNumberField("first", segment.first());
      if (segment.body() instanceof Body.Inline(byte[] bytes)) {
        json.writeBinaryField("body_b64", bytes);
      } else if (segment.body() instanceof Body.Chunked(var manifest)) {
        json.writeBinaryField("manifest_b64", ManifestCodec.encode(manifest));
      } else if (segment.body() instanceof Body.Listed listed) {
        writeListed(json, listed);
      }
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void writeIndex(JsonGenerator json, VaryIndex index) throws IOException {
    json.writeStringField("doc_type", "vary_index");
    writeKey(json, index.key());
    json.writeNumberField("epoch", index.epoch().value());
    writeStrings(json, "vary", index.vary());
    writeStrings(json, "variants", index.variants().stream().map(VariantKey::digest).toList());
  }

  private static void writeKey(JsonGenerator json, PrimaryKey key) throws IOException {
    json.writeStringField("scheme", key.scheme());
    json.writeStringField("host", key.host());
    json.writeStringField("key", key.digest());
  }

  private static void writeStrings(JsonGenerator json, String name, List<String> values)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (String value : values) {
      json.writeString(value);
    }
    json.writeEndArray();
  }

  /** The document whose text those bytes are. */
  public static Document decode(byte[] bytes, int offset, int length) {
    try (JsonParser json = JSON.createParser(bytes, offset, length)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new StoreException("A metadata document is damaged: not an object.");
      }
      Fields fields = new Fields();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        json.nextToken();
        fields.read(name, json);
      }
      if (json.currentToken() != JsonToken.END_OBJECT) {
        throw new StoreException("A metadata document is damaged: it has no end.");
      }
      return fields.document();
    } catch (IOException | IllegalArgumentException e) {
      throw new StoreException("A metadata document is damaged: " + e.getMessage(), false, e);
    }
  }

  /** A body whose manifest is a chunk. */
  private static final class ListedFields {
    private @Nullable String manifest;
    private long totalBytes;
    private long chunkBytes;

    void read(String name, JsonParser json) throws IOException {
      switch (name) {
        case "manifest_chunk" -> manifest = json.getText();
        case "manifest_size" -> totalBytes = json.getLongValue();
        case "chunk_size" -> chunkBytes = json.getLongValue();
        default -> json.skipChildren();
      }
    }

    @Nullable Body body() {
      String id = manifest;
      return id == null ? null : new Body.Listed(totalBytes, chunkBytes, new ChunkId(id));
    }
  }

  /** What has been read so far. */
  private static final class Fields {
    private final List<String> vary = new ArrayList<>(0);
    private final List<String> variants = new ArrayList<>(0);
    private Headers headers = Headers.EMPTY;
    private @Nullable String docType;
    private @Nullable String scheme;
    private @Nullable String host;
    private @Nullable String key;
    private @Nullable String tag;
    private @Nullable Body body;
    private final ListedFields listed = new ListedFields();
    private @Nullable List<Body.Segment> segments;
    private String variant = "";
    private String url = "";
    private String method = "GET";
    private String reason = "";
    private int status;
    private long requestedAt;
    private long storedAt;
    private long epoch;
    private long contentSize = -1;

    void read(String name, JsonParser json) throws IOException {
      switch (name) {
        case "doc_type" -> docType = json.getText();
        case "scheme" -> scheme = json.getText();
        case "host" -> host = json.getText();
        case "key" -> key = json.getText();
        case "variant" -> variant = json.getText();
        case "url" -> url = json.getText();
        case "method" -> method = json.getText();
        case "reason" -> reason = json.getText();
        case "tag" -> tag = json.getText();
        case "status_code" -> status = json.getIntValue();
        case "requested_at" -> requestedAt = json.getLongValue();
        case "stored_at" -> storedAt = json.getLongValue();
        case "epoch" -> epoch = json.getLongValue();
        case "content_size" -> contentSize = json.getLongValue();
        case "headers" -> headers = readHeaders(json);
        case "vary" -> readStrings(json, vary);
        case "variants" -> readStrings(json, variants);
        case "body_b64" -> body = new Body.Inline(json.getBinaryValue());
        case "manifest_b64" -> body = new Body.Chunked(ManifestCodec.decode(json.getBinaryValue()));
        case "segments" -> segments = readSegments(json);
        default -> listed.read(name, json);
      }
    }

    private static List<Body.Segment> readSegments(JsonParser json) throws IOException {
      List<Body.Segment> read = new ArrayList<>();
      while (json.nextToken() == JsonToken.START_OBJECT) {
        long first = 0;
        Body bytes = null;
        ListedFields listed = new ListedFields();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
          String name = json.currentName();
          json.nextToken();
          switch (name) {
            case "first" -> first = json.getLongValue();
            case "body_b64" -> bytes = new Body.Inline(json.getBinaryValue());
            case "manifest_b64" ->
                bytes = new Body.Chunked(ManifestCodec.decode(json.getBinaryValue()));
            default -> listed.read(name, json);
          }
        }
        read.add(new Body.Segment(first, needed(bytes == null ? listed.body() : bytes, "body")));
      }
      return read;
    }

    private static Headers readHeaders(JsonParser json) throws IOException {
      Headers.Builder lines = Headers.builder();
      while (json.nextToken() == JsonToken.VALUE_STRING) {
        String name = json.getText();
        if (json.nextToken() != JsonToken.VALUE_STRING) {
          throw new StoreException("A metadata document is damaged: a field without a value.");
        }
        lines.add(name, json.getText());
      }
      return lines.build();
    }

    private static void readStrings(JsonParser json, List<String> into) throws IOException {
      while (json.nextToken() == JsonToken.VALUE_STRING) {
        into.add(json.getText());
      }
    }

    Document document() {
      PrimaryKey primary =
          new PrimaryKey(needed(scheme, "scheme"), needed(host, "host"), needed(key, "key"));
      String type = needed(docType, "doc_type");
      return switch (type) {
        case "metadata" -> new Document.EntryDocument(entry(primary));
        case "vary_index" ->
            new Document.VaryDocument(
                new VaryIndex(
                    primary,
                    new Epoch(epoch),
                    vary,
                    variants.stream().map(VariantKey::new).toList()));
        default -> throw new StoreException("A metadata document is of an unknown type.");
      };
    }

    private Entry entry(PrimaryKey primary) {
      Body whole =
          segments != null && body == null
              ? new Body.Segmented(contentSize, segments)
              : needed(body == null ? listed.body() : body, "body");
      if (contentSize != whole.length()) {
        throw new StoreException("A metadata document is damaged: its sizes differ.");
      }
      return new Entry(
          primary,
          new VariantKey(variant),
          url,
          new StoredResponse(status, reason, headers, method, requestedAt, storedAt),
          whole,
          new Epoch(epoch),
          new FillId(needed(tag, "tag")));
    }

    private static <T> T needed(@Nullable T value, String name) {
      if (value == null) {
        throw new StoreException("A metadata document is damaged: it has no " + name + ".");
      }
      return value;
    }
  }
}
