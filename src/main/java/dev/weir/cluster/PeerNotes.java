package dev.weir.cluster;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import dev.weir.cache.EntryModule;
import dev.weir.entry.Entry;
import dev.weir.entry.Grant;
import dev.weir.entry.VariantKey;
import dev.weir.fill.FillHead;
import dev.weir.fill.FillIntent;
import dev.weir.fill.FillNote;
import dev.weir.fill.Unstored;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.http.StoredResponse;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.OriginTimeouts;
import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;
import org.apache.pekko.util.ByteString;

/**
 * How a {@link FillNote} travels: CBOR by field name, so that fields may be added but never renamed
 * or removed.
 */
final class PeerNotes {
  private static final ObjectMapper CBOR =
      CBORMapper.builder()
          .addModule(new EntryModule())
          .visibility(PropertyAccessor.FIELD, JsonAutoDetect.Visibility.ANY)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private static final long UNKNOWN_LENGTH = -1;

  private PeerNotes() {}

  /** The note on the wire. */
  private record Wire(
      Grant grant, RequestHead request, OriginTimeouts timeouts, String url, Head head) {}

  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Storing.class, name = "storing"),
    @JsonSubTypes.Type(value = Sharing.class, name = "sharing"),
    @JsonSubTypes.Type(value = Relaying.class, name = "relaying"),
    @JsonSubTypes.Type(value = Refreshed.class, name = "refreshed"),
    @JsonSubTypes.Type(value = Failed.class, name = "failed"),
  })
  private sealed interface Head {}

  private record Arrived(
      int status, String reason, Headers headers, long length, long sentMillis, long cameMillis) {
    static Arrived of(FillHead.Streaming head) {
      return new Arrived(
          head.head().status(),
          head.head().reason(),
          head.head().headers(),
          head.length().orElse(UNKNOWN_LENGTH),
          head.requestTimeMillis(),
          head.responseTimeMillis());
    }

    FillHead streaming(FillIntent intent) {
      return new FillHead.Streaming(
          new ResponseHead(status, reason, headers),
          length < 0 ? OptionalLong.empty() : OptionalLong.of(length),
          intent,
          sentMillis,
          cameMillis);
    }
  }

  private record Storing(
      Arrived arrived, StoredResponse response, VariantKey variant, List<String> vary)
      implements Head {}

  private record Sharing(Arrived arrived, String why) implements Head {}

  private record Relaying(Arrived arrived, String why) implements Head {}

  private record Refreshed(Entry entry) implements Head {}

  private record Failed(String kind, String message) implements Head {}

  static ByteString write(FillNote note) {
    try {
      return ByteString.fromArrayUnsafe(
          CBOR.writeValueAsBytes(
              new Wire(
                  note.grant(), note.request(), note.timeouts(), note.url(), head(note.head()))));
    } catch (IOException e) {
      throw new IllegalStateException("a note cannot be written", e);
    }
  }

  static FillNote read(ByteString bytes) throws IOException {
    Wire wire = CBOR.readValue(bytes.toArray(), Wire.class);
    return new FillNote(
        wire.grant(), wire.request(), wire.timeouts(), wire.url(), head(wire.head()));
  }

  private static Head head(FillHead head) {
    return switch (head) {
      case FillHead.Streaming streaming -> head(streaming);
      case FillHead.Refreshed(Entry entry) -> new Refreshed(entry);
      case FillHead.Failed(OriginFailure failure) ->
          new Failed(failure.kind().name(), String.valueOf(failure.getMessage()));
    };
  }

  private static Head head(FillHead.Streaming streaming) {
    Arrived arrived = Arrived.of(streaming);
    return switch (streaming.intent()) {
      case FillIntent.Store(var response, var variant, var vary) ->
          new Storing(arrived, response, variant, vary);
      case FillIntent.Share(Unstored why) -> new Sharing(arrived, why.label());
      case FillIntent.StorePart part -> new Relaying(arrived, "part");
      case FillIntent.Relay(Unstored why) -> new Relaying(arrived, why.label());
      case FillIntent.Refresh refresh -> new Refreshed(refresh.refreshed());
    };
  }

  private static FillHead head(Head head) {
    return switch (head) {
      case Storing(var arrived, var response, var variant, var vary) ->
          arrived.streaming(new FillIntent.Store(response, variant, vary));
      case Sharing(var arrived, String why) -> arrived.streaming(new FillIntent.Share(why));
      case Relaying(var arrived, String why) -> arrived.streaming(new FillIntent.Relay(why));
      case Refreshed(Entry entry) -> new FillHead.Refreshed(entry);
      case Failed(String kind, String message) ->
          new FillHead.Failed(new OriginFailure(OriginFailure.Kind.valueOf(kind), message, null));
    };
  }
}
