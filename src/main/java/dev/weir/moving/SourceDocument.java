package dev.weir.moving;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.entry.VariantKey;
import dev.weir.http.CacheControl;
import dev.weir.http.EntityTag;
import dev.weir.http.FreshnessInfo;
import dev.weir.http.Headers;
import dev.weir.http.HopByHop;
import dev.weir.http.HttpDates;
import dev.weir.http.Sha224;
import dev.weir.http.StoredResponse;
import dev.weir.http.Vary;
import dev.weir.policy.CacheKeys;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads a document of a passsage index and judges whether it may become an entry. Pure: the bytes
 * it stands for are looked at later. Whatever is odd is a {@link Reason}, never another exception.
 */
final class SourceDocument {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern ID =
      Pattern.compile("[a-z]+/[^/]*/([0-9a-f]{56})(?:\\+([0-9a-f]{56}))?");
  private static final Pattern INDEX_ID = Pattern.compile("[^/]+/[^/]*/_vary/.*");
  private static final Pattern NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}");
  private static final Pattern VALUE = Pattern.compile("[\\t\\x20-\\x7e\\x80-\\xff]{0,8192}");
  private static final Set<String> CREDENTIALS =
      Set.of("authorization", "cookie", "proxy-authorization");

  private final Keying keying;
  private final InstantSource clock;

  SourceDocument(Keying keying, InstantSource clock) {
    this.keying = keying;
    this.clock = clock;
  }

  /** Whether it lists variants and is no response: such a document is not counted. */
  static boolean isIndex(String id) {
    return INDEX_ID.matcher(id).matches();
  }

  /** The candidate; what speaks against it is thrown. */
  Candidate read(String id, byte[] source) throws Skipped {
    JsonNode document = tree(source);
    Matcher name = ID.matcher(id);
    if (!name.matches()) {
      throw new Skipped(Reason.MALFORMED);
    }
    JsonNode url = document.path("url");
    if (!url.isTextual() || !document.path("status_code").isIntegralNumber()) {
      boolean bare = document.path("manifest_b64").isTextual() && url.isMissingNode();
      throw new Skipped(bare ? Reason.NO_METADATA : Reason.MALFORMED);
    }
    SourceUrl.check(url.textValue(), name.group(1));
    Headers headers = headers(document.path("headers"));
    checkResponse(document, headers);
    List<String> names = vary(document, headers);
    Headers request = request(document, names, name.group(2));
    Keying.Answer.Keyed keyed = keyed(url.textValue());
    List<String> counting = keyed.vary() == null ? names : keyed.vary().counting(names);
    VariantKey variant = CacheKeys.variant(counting, request);
    return new Candidate(
        keyed.key(),
        variant,
        counting,
        url.textValue(),
        kept(headers),
        manifest(document, headers),
        HttpDates.parse(headers.first("Last-Modified")),
        time(document.path("last_access")));
  }

  private Keying.Answer.Keyed keyed(String url) throws Skipped {
    return switch (keying.of(url)) {
      case Keying.Answer.Keyed keyed -> keyed;
      case Keying.Answer.Refused(Reason reason) -> throw new Skipped(reason);
    };
  }

  private static JsonNode tree(byte[] source) throws Skipped {
    try {
      JsonNode document = JSON.readTree(source);
      if (document != null && document.isObject()) {
        return document;
      }
    } catch (IOException | StackOverflowError notJson) {
      // answered below
    }
    throw new Skipped(Reason.MALFORMED);
  }

  private static Headers headers(JsonNode fields) throws Skipped {
    if (!fields.isObject()) {
      throw new Skipped(Reason.MALFORMED);
    }
    Headers.Builder headers = Headers.builder();
    for (Map.Entry<String, JsonNode> field : fields.properties()) {
      if (field.getValue().isNull()) {
        continue;
      }
      String value = field.getValue().textValue();
      if (value == null
          || !NAME.matcher(field.getKey()).matches()
          || !VALUE.matcher(value).matches()) {
        throw new Skipped(Reason.MALFORMED);
      }
      headers.add(field.getKey(), value.strip());
    }
    return headers.build();
  }

  private static void checkResponse(JsonNode document, Headers headers) throws Skipped {
    require("GET".equals(document.path("method").asText("GET")), Reason.NOT_GET);
    require(document.path("status_code").asInt() == 200, Reason.STATUS);
    require(!headers.has("Content-Range"), Reason.PARTIAL);
    require(!headers.has("Set-Cookie") && !headers.has("Set-Cookie2"), Reason.SET_COOKIE);
    require(
        !headers.has("Authorization")
            && !headers.has("WWW-Authenticate")
            && !headers.has("Authentication-Info"),
        Reason.AUTHENTICATED);
    CacheControl directives = CacheControl.of(headers);
    require(!directives.isPrivate() && directives.privateFields().isEmpty(), Reason.PRIVATE);
    require(!directives.noStore(), Reason.NO_STORE);
    require(
        EntityTag.parse(headers.first("ETag")) != null
            || HttpDates.parse(headers.first("Last-Modified")).isPresent(),
        Reason.NO_VALIDATOR);
  }

  /**
   * What is kept of the head. Expires speaks of a Date that the source has not kept; a lifetime so
   * long that it reaches from long ago into the future would be believed without validation.
   */
  private Headers kept(Headers headers) throws Skipped {
    Headers kept = HopByHop.strip(headers).without("Content-Length").without("Expires");
    StoredResponse stored =
        new StoredResponse(200, "OK", kept, "GET", Shelf.LONG_AGO_MILLIS, Shelf.LONG_AGO_MILLIS);
    require(!FreshnessInfo.of(stored).isFresh(clock.millis()), Reason.NEVER_VALIDATED);
    return kept;
  }

  private static List<String> vary(JsonNode document, Headers headers) throws Skipped {
    Vary vary = Vary.of(headers);
    JsonNode noted = document.path("vary");
    if (noted.isTextual() && !noted.textValue().isBlank()) {
      require(Vary.of(Headers.of("Vary", noted.textValue())).equals(vary), Reason.VARY_UNKNOWN);
    }
    require(!vary.any(), Reason.VARY_ANY);
    require(vary.names().stream().noneMatch(CREDENTIALS::contains), Reason.AUTHENTICATED);
    return vary.names();
  }

  /**
   * The fields of the request that the response was chosen by: {@code name=value} joined by bars,
   * empty for one that it had not. Only if they make the digest in the document's id.
   */
  private static Headers request(JsonNode document, List<String> names, @Nullable String digest)
      throws Skipped {
    if (names.isEmpty()) {
      require(digest == null, Reason.VARY_UNKNOWN);
      return Headers.EMPTY;
    }
    String text = document.path("vary_request").textValue();
    require(text != null && digest != null && Sha224.hex(text).equals(digest), Reason.VARY_UNKNOWN);
    String[] parts = text.split("\\|", -1);
    require(parts.length == names.size(), Reason.VARY_UNKNOWN);
    Headers.Builder request = Headers.builder();
    for (int i = 0; i < parts.length; i++) {
      String start = names.get(i) + "=";
      require(parts[i].startsWith(start) && VALUE.matcher(parts[i]).matches(), Reason.VARY_UNKNOWN);
      if (parts[i].length() > start.length()) {
        request.add(names.get(i), parts[i].substring(start.length()));
      }
    }
    return request.build();
  }

  private static SourceManifest manifest(JsonNode document, Headers headers) throws Skipped {
    String text = document.path("manifest_b64").textValue();
    require(text != null && !text.isEmpty(), Reason.NO_MANIFEST);
    SourceManifest manifest = SourceManifest.decode(text);
    JsonNode size = document.path("content_size");
    String length = headers.first("Content-Length");
    require(
        (size.isMissingNode() || size.isNull() || size.asLong(-1) == manifest.totalBytes())
            && (length == null || length.equals(Long.toString(manifest.totalBytes()))),
        Reason.LENGTH_DIFFERS);
    return manifest;
  }

  private static OptionalLong time(JsonNode time) {
    try {
      return time.isTextual()
          ? OptionalLong.of(OffsetDateTime.parse(time.textValue()).toInstant().toEpochMilli())
          : OptionalLong.empty();
    } catch (DateTimeException | ArithmeticException odd) {
      return OptionalLong.empty();
    }
  }

  private static void require(boolean holds, Reason otherwise) throws Skipped {
    if (!holds) {
      throw new Skipped(otherwise);
    }
  }
}
