package dev.weir.mirror.links;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The links of a JSON document, token by token: everything else is written as it was read. */
final class JsonLinks implements LinkRewriter {
  /** Which strings are links, and what becomes of them. */
  @FunctionalInterface
  interface Place {
    /** The string to be written instead, or null for the one that is there. */
    @Nullable String inside(JsonStreamContext at, String text, InsideLinks links);
  }

  /** Paths do: PEP 691 takes references. */
  static final Place SIMPLE =
      (at, text, links) ->
          isField(at, "url") && isElementOf(at.getParent(), "files") ? links.path(text) : null;

  /** Whole URLs: clients take no references here. */
  static final Place NPM =
      (at, text, links) ->
          isField(at, "tarball") && isValueOf(at.getParent(), "dist") ? links.url(text) : null;

  private static final Set<String> COMPOSER_PATHS =
      Set.of(
          "metadata-url",
          "providers-url",
          "providers-lazy-url",
          "provider-url",
          "providers-api",
          "notify",
          "notify-batch",
          "search",
          "list");

  /** Below the top, of each version; at the top, where the repository's other documents are. */
  static final Place COMPOSER =
      (at, text, links) -> {
        boolean isDist = isField(at, "url") && isValueOf(at.getParent(), "dist");
        boolean isPath =
            at.inObject()
                && at.getParent().inRoot()
                && COMPOSER_PATHS.contains(String.valueOf(at.getCurrentName()));
        return isDist || isPath || isField(at, "dist-url") ? links.url(text) : null;
      };

  /** Wherever it stands. */
  static final Place EVERY_URL =
      (at, text, links) ->
          text.startsWith("https://") || text.startsWith("http://") ? links.url(text) : null;

  private static final JsonFactory JSON = new JsonFactory();

  private final Place place;

  JsonLinks(Place place) {
    this.place = place;
  }

  @Override
  public byte[] rewrite(byte[] document, Charset charset, InsideLinks links) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream(document.length + document.length / 8);
    try (JsonParser read = JSON.createParser(document);
        JsonGenerator write = JSON.createGenerator(out)) {
      for (JsonToken token = read.nextToken(); token != null; token = read.nextToken()) {
        String inside =
            token == JsonToken.VALUE_STRING
                ? place.inside(read.getParsingContext(), read.getText(), links)
                : null;
        if (inside == null) {
          write.copyCurrentEventExact(read);
        } else {
          write.writeString(inside);
        }
      }
    }
    return out.toByteArray();
  }

  private static boolean isField(JsonStreamContext at, String name) {
    return at.inObject() && name.equals(at.getCurrentName());
  }

  /** Whether an object is the value of a field of that name. */
  private static boolean isValueOf(@Nullable JsonStreamContext parent, String name) {
    return parent != null && isField(parent, name);
  }

  /** Whether an object is an element of the array in that field of the top. */
  private static boolean isElementOf(@Nullable JsonStreamContext parent, String name) {
    return parent != null && parent.inArray() && isField(parent.getParent(), name);
  }
}
