package dev.weir.cache;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import dev.weir.entry.Body;
import dev.weir.entry.VariantKey;
import dev.weir.http.Headers;
import java.io.IOException;

/** How entries travel inside messages; the rooms they come from know no serialisation. */
public final class EntryModule extends SimpleModule {
  private static final long serialVersionUID = 1L;

  /** Found by name from the fabric's configuration. */
  public EntryModule() {
    super("weir-entry");
    setMixInAnnotation(Body.class, BodyTypes.class);
    setMixInAnnotation(VariantKey.class, ComponentsOnly.class);
    addSerializer(Headers.class, new HeadersWriter());
    addDeserializer(Headers.class, new HeadersReader());
  }

  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Body.Inline.class, name = "inline"),
    @JsonSubTypes.Type(value = Body.Chunked.class, name = "chunked"),
    @JsonSubTypes.Type(value = Body.Listed.class, name = "listed"),
    @JsonSubTypes.Type(value = Body.Segmented.class, name = "segmented"),
  })
  private interface BodyTypes {}

  /** Questions a value answers about itself are no part of it. */
  @JsonAutoDetect(
      getterVisibility = JsonAutoDetect.Visibility.NONE,
      isGetterVisibility = JsonAutoDetect.Visibility.NONE)
  private interface ComponentsOnly {}

  /** Names and values in turn. */
  private static final class HeadersWriter extends StdSerializer<Headers> {
    private static final long serialVersionUID = 1L;

    HeadersWriter() {
      super(Headers.class);
    }

    @Override
    public void serialize(Headers headers, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      out.writeStartArray();
      for (int i = 0; i < headers.size(); i++) {
        out.writeString(headers.name(i));
        out.writeString(headers.value(i));
      }
      out.writeEndArray();
    }
  }

  private static final class HeadersReader extends StdDeserializer<Headers> {
    private static final long serialVersionUID = 1L;

    HeadersReader() {
      super(Headers.class);
    }

    @Override
    public Headers deserialize(JsonParser in, DeserializationContext context) throws IOException {
      return Headers.of(in.readValueAs(String[].class));
    }
  }
}
