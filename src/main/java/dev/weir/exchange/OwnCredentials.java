package dev.weir.exchange;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.edge.EdgeResponse;
import dev.weir.filters.Phase;
import dev.weir.http.Headers;
import dev.weir.http.NamedDigest;
import dev.weir.http.RequestHead;
import dev.weir.http.Sha224;
import dev.weir.origin.OriginRequest;
import dev.weir.policy.Effect;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.stream.javadsl.Sink;

/**
 * Requests with credentials of the client's own for what a URL names by its digest: blobs and
 * manifests of container registries, which clients fetch with tokens. RFC 9111 3.5 has hardly any
 * of it stored. It is kept nonetheless, under a key that only such requests come to, and only after
 * the origin has answered 200 to a HEAD with these very credentials; that is remembered for a short
 * time. Whoever it does not accept, and whoever asks while it cannot say, is served as if nothing
 * were kept there.
 *
 * <p>Content that its name proves can be shared so: no answer to one client can be made for
 * another.
 */
final class OwnCredentials {
  private final Parts parts;
  private final Lookup lookup;

  /** Who is accepted for which key: digests of both. */
  private final Cache<String, Boolean> accepted;

  OwnCredentials(Parts parts, Lookup lookup) {
    this.parts = parts;
    this.lookup = lookup;
    this.accepted =
        Caffeine.newBuilder()
            .maximumSize(parts.settings().provenCredentials())
            .expireAfterWrite(Duration.ofMillis(parts.settings().provenCredentialsMillis()))
            .build();
  }

  CompletionStage<EdgeResponse> look(Exchange x) {
    if (!concerns(x) || parts.cache().near(x.route.key(), x::variant) != null) {
      return lookup.look(x);
    }
    Route own = x.route.withCredentials();
    String name = name(x, own);
    if (accepted.getIfPresent(name) != null) {
      x.route = own;
      return lookup.look(x);
    }
    if (x.head.isHead() || x.directives.onlyIfCached()) {
      return lookup.look(x);
    }
    return isAccepted(x)
        .thenCompose(
            is -> {
              if (is) {
                accepted.put(name, Boolean.TRUE);
                x.route = own;
              }
              return lookup.look(x);
            });
  }

  /** Filters that are asked before an origin is have the request go the usual way. */
  private static boolean concerns(Exchange x) {
    return x.authorized
        && x.route.storage().store()
        && x.route.effects().get(Effect.CREDENTIALS) == null
        && NamedDigest.of(x.head.target()) != null
        && !x.filters.has(Phase.BEFORE_UPSTREAM);
  }

  /** All that may tell a client from another counts. */
  private static String name(Exchange x, Route own) {
    Headers fields = x.head.headers();
    return own.key().digest()
        + Sha224.hex(fields.all("Authorization") + "\n" + fields.all("Cookie"));
  }

  private CompletionStage<Boolean> isAccepted(Exchange x) {
    RequestHead head = parts.heads().fetching(x.head).withMethod("HEAD");
    OriginRequest request =
        new OriginRequest(head, null, OptionalLong.empty(), x.route.timeouts(), interim -> {})
            .on(x.terms());
    return parts
        .origins()
        .fetch(request)
        .handle(
            (answer, failed) -> {
              if (answer == null) {
                return false;
              }
              answer.body().runWith(Sink.ignore(), parts.materializer());
              return answer.head().status() == 200;
            });
  }
}
