package dev.weir.origin;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tokens of container registries, for requests that come by a mirror: its clients see a registry
 * that asks for nothing.
 *
 * <p>A registry answers a bare request with 401 and says where tokens are to be had. The token is
 * fetched (once for all who want the same), remembered for the time it is good, and the request
 * sent again, once. Where the challenge of a repository is known the token goes along at once. The
 * credentials of a mount, if they are Basic, are shown to the token service instead. A service that
 * is not https, fails or says nothing of use leaves the client with the registry's own 401.
 *
 * <p>Thread-safe; tokens are in no log and in no key.
 */
final class RegistryTokens {
  private static final Logger LOG = LoggerFactory.getLogger(RegistryTokens.class);
  private static final JsonFactory JSON = new JsonFactory();
  private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long EARLY_SECONDS = 30;
  private static final long SHORT_SECONDS = 5;
  private static final long UNSAID_SECONDS = 60;

  private final OriginSettings.Tokens settings;
  private final LongSupplier nanoTime;
  private final Materializer materializer;
  private final Cache<Place, BearerChallenge> challenges;
  private final Cache<Wanted, Token> tokens;
  private final ConcurrentHashMap<Wanted, CompletableFuture<Token>> underWay =
      new ConcurrentHashMap<>();

  /** Where a challenge was met, and who met it. */
  private record Place(String origin, String repository, @Nullable String authorization) {}

  /** A token for somebody. */
  private record Wanted(BearerChallenge challenge, @Nullable String authorization) {}

  private record Token(String value, long goodUntilNanos) {}

  RegistryTokens(OriginSettings.Tokens settings, LongSupplier nanoTime, Materializer materializer) {
    this.settings = settings;
    this.nanoTime = nanoTime;
    this.materializer = materializer;
    this.challenges =
        Caffeine.newBuilder()
            .maximumSize(settings.maxKept())
            .expireAfterWrite(Duration.ofMillis(settings.challengeMillis()))
            .build();
    this.tokens = Caffeine.newBuilder().maximumSize(settings.maxKept()).build();
  }

  /** Whether a request is of the kind that registries want tokens for. */
  boolean concerns(OriginRequest request) {
    String authorization = request.head().headers().first("Authorization");
    return settings.maxKept() > 0
        && request.terms().manner().byMirror()
        && (request.head().isGet() || request.head().isHead())
        && (authorization == null || isBasic(authorization))
        && repository(request.head().target()) != null;
  }

  /** What stands between {@code /v2/} and the kind of thing asked for; null for other paths. */
  static @Nullable String repository(String target) {
    int query = target.indexOf('?');
    String path = query < 0 ? target : target.substring(0, query);
    int end =
        Math.max(
            path.lastIndexOf("/manifests/"),
            Math.max(path.lastIndexOf("/blobs/"), path.lastIndexOf("/tags/")));
    return path.startsWith("/v2/") && end > 4 ? path.substring(4, end) : null;
  }

  private static boolean isBasic(String authorization) {
    return authorization.regionMatches(true, 0, "Basic ", 0, 6);
  }

  CompletionStage<OriginResponse> fetch(
      OriginRequest request, Function<OriginRequest, CompletionStage<OriginResponse>> send) {
    String authorization = request.head().headers().first("Authorization");
    Place place =
        new Place(
            request.head().scheme() + "://" + request.head().authority(),
            String.valueOf(repository(request.head().target())),
            authorization);
    BearerChallenge known = challenges.getIfPresent(place);
    if (known == null) {
      return send.apply(request).thenCompose(answer -> met(request, send, place, answer));
    }
    return token(request, new Wanted(known, authorization), send)
        .thenCompose(
            token -> {
              if (token == null) {
                return send.apply(request);
              }
              return send.apply(with(request, token))
                  .thenCompose(
                      answer -> {
                        if (answer.head().status() != 401) {
                          return CompletableFuture.completedStage(answer);
                        }
                        forget(place, known, token);
                        drain(answer);
                        return send.apply(request)
                            .thenCompose(bare -> met(request, send, place, bare));
                      });
            });
  }

  /** An answer to a bare request: if it asks for a token, and there is one, sent again with it. */
  private CompletionStage<OriginResponse> met(
      OriginRequest request,
      Function<OriginRequest, CompletionStage<OriginResponse>> send,
      Place place,
      OriginResponse answer) {
    BearerChallenge challenge =
        answer.head().status() == 401 ? BearerChallenge.of(answer.head().headers()) : null;
    if (challenge == null) {
      return CompletableFuture.completedStage(answer);
    }
    return token(request, new Wanted(challenge, place.authorization()), send)
        .thenCompose(
            token -> {
              if (token == null) {
                return CompletableFuture.completedStage(answer);
              }
              challenges.put(place, challenge);
              drain(answer);
              return send.apply(with(request, token));
            });
  }

  private void forget(Place place, BearerChallenge challenge, Token token) {
    challenges.invalidate(place);
    tokens.asMap().remove(new Wanted(challenge, place.authorization()), token);
  }

  /** Read for the connection's sake if it is short. */
  private void drain(OriginResponse answer) {
    answer
        .body()
        .limitWeighted(settings.maxBytes(), piece -> (long) piece.size())
        .runWith(Sink.ignore(), materializer);
  }

  private static OriginRequest with(OriginRequest request, Token token) {
    Headers fields = request.head().headers().with("Authorization", "Bearer " + token.value());
    return new OriginRequest(
        request.head().withHeaders(fields),
        request.body(),
        request.bodyLength(),
        request.timeouts(),
        request.interim(),
        request.trailers(),
        request.terms());
  }

  // --- tokens

  /** Completes with null, never fails, where there is none to be had. */
  private CompletionStage<@Nullable Token> token(
      OriginRequest request,
      Wanted wanted,
      Function<OriginRequest, CompletionStage<OriginResponse>> send) {
    Token kept = tokens.getIfPresent(wanted);
    if (kept != null && kept.goodUntilNanos() - nanoTime.getAsLong() > 0) {
      return CompletableFuture.completedStage(kept);
    }
    CompletableFuture<Token> mine = new CompletableFuture<>();
    CompletableFuture<Token> others = underWay.putIfAbsent(wanted, mine);
    if (others != null) {
      return others.handle((token, failed) -> token);
    }
    ask(request, wanted, send)
        .whenComplete(
            (token, failed) -> {
              if (token == null) {
                LOG.info(
                    "No token for a registry from {}: {}",
                    wanted.challenge().realm().split("[?#]", 2)[0].replaceAll("\\p{Cntrl}", "?"),
                    failed == null ? "nothing came" : failed.getMessage());
              } else {
                tokens.put(wanted, token);
              }
              underWay.remove(wanted, mine);
              mine.complete(token);
            });
    return mine.handle((token, failed) -> token);
  }

  private CompletionStage<@Nullable Token> ask(
      OriginRequest request,
      Wanted wanted,
      Function<OriginRequest, CompletionStage<OriginResponse>> send) {
    RequestHead head = head(wanted);
    if (head == null) {
      return CompletableFuture.failedStage(new IOException("its realm is no https URL"));
    }
    // Judged like the request itself; no redirects: credentials stay with the service named.
    OriginTerms terms =
        new OriginTerms(
            CircuitTerms.DEFAULT,
            null,
            0,
            new OriginTerms.Manner(request.terms().manner().gate(), Set.of(), true));
    return send.apply(OriginRequest.of(head, request.timeouts()).on(terms))
        .thenCompose(
            answer ->
                answer
                    .body()
                    .limitWeighted(settings.maxBytes(), piece -> (long) piece.size())
                    .runFold(ByteString.emptyByteString(), ByteString::concat, materializer)
                    .thenApply(body -> read(answer.head(), body.toArray())));
  }

  private static @Nullable RequestHead head(Wanted wanted) {
    BearerChallenge challenge = wanted.challenge();
    try {
      URI realm = new URI(challenge.realm());
      String host = realm.getHost();
      if (!"https".equals(realm.getScheme()) || host == null || realm.getRawUserInfo() != null) {
        return null;
      }
      String path = realm.getRawPath();
      String target =
          (path == null || path.isEmpty() ? "/" : path)
              + (realm.getRawQuery() == null ? "" : "?" + realm.getRawQuery());
      target = plus(plus(target, "service", challenge.service()), "scope", challenge.scope());
      Headers fields = Headers.of("Accept", "application/json");
      String authorization = wanted.authorization();
      return new RequestHead(
          "GET",
          "https",
          new Authority(
              host.startsWith("[") ? host.substring(1, host.length() - 1) : host,
              realm.getPort() < 0 ? Authority.defaultPort("https") : realm.getPort()),
          target,
          authorization == null ? fields : fields.with("Authorization", authorization));
    } catch (URISyntaxException | IllegalArgumentException none) {
      return null;
    }
  }

  private static String plus(String target, String name, String value) {
    return value.isEmpty()
        ? target
        : target
            + (target.indexOf('?') < 0 ? "?" : "&")
            + name
            + "="
            + URLEncoder.encode(value, StandardCharsets.UTF_8);
  }

  private Token read(ResponseHead head, byte[] body) {
    if (head.status() != 200) {
      throw new IllegalStateException("it answers " + head.status());
    }
    String token = null;
    String access = null;
    long seconds = UNSAID_SECONDS;
    try (JsonParser json = JSON.createParser(body)) {
      for (JsonToken at = json.nextToken(); at != null; at = json.nextToken()) {
        if (json.getParsingContext().getParent() != null
            && json.getParsingContext().getParent().inRoot()) {
          switch (String.valueOf(json.currentName()).toLowerCase(Locale.ROOT)) {
            case "token" -> token = at == JsonToken.VALUE_STRING ? json.getText() : token;
            case "access_token" -> access = at == JsonToken.VALUE_STRING ? json.getText() : access;
            case "expires_in" ->
                seconds = at == JsonToken.VALUE_NUMBER_INT ? json.getLongValue() : seconds;
            default -> {}
          }
        }
      }
    } catch (IOException unreadable) {
      throw new IllegalStateException("it answers what is no JSON", unreadable);
    }
    String value = token == null || token.isEmpty() ? access : token;
    if (value == null || value.isEmpty() || !value.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new IllegalStateException("it answers without a token");
    }
    long good = Math.min(seconds, settings.maxGoodSeconds()) - EARLY_SECONDS;
    return new Token(
        value, nanoTime.getAsLong() + (good > 0 ? good : SHORT_SECONDS) * SECOND_NANOS);
  }
}
