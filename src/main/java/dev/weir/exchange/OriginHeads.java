package dev.weir.exchange;

import dev.weir.http.Conditional;
import dev.weir.http.FreshnessInfo;
import dev.weir.http.Headers;
import dev.weir.http.HopByHop;
import dev.weir.http.MaxForwards;
import dev.weir.http.RequestHead;
import dev.weir.http.Trailers;
import dev.weir.http.Via;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The heads of requests to origins, from the head a client sent. */
final class OriginHeads {
  private final String pseudonym;

  OriginHeads(String pseudonym) {
    this.pseudonym = pseudonym;
  }

  /** For everybody: without what belongs to this client's moment (range, conditions, Expect). */
  RequestHead fetching(RequestHead client) {
    return client
        .withMethod("GET")
        .withHeaders(Conditional.unconditional(forwarded(client.headers())));
  }

  /** The same with the stored response's validators, as far as it has any. */
  RequestHead validating(RequestHead client, @Nullable FreshnessInfo held) {
    return held == null
        ? fetching(client)
        : client
            .withMethod("GET")
            .withHeaders(Conditional.validating(forwarded(client.headers()), held));
  }

  /** For this client alone: method, range, conditions and its word on trailers as they are. */
  RequestHead passing(RequestHead client) {
    Headers onward =
        switch (MaxForwards.of(client)) {
          case MaxForwards.Onward(Headers counted) -> forwarded(counted);
          case MaxForwards.Reached reached ->
              throw new IllegalArgumentException("to be answered here");
        };
    return client.withHeaders(
        Trailers.areAccepted(client.headers())
            ? onward.plus("Connection", "TE").plus("TE", "trailers")
            : onward);
  }

  /** As passing, but the fields of an upgrade stay. */
  RequestHead upgrading(RequestHead client, String protocols) {
    return client.withHeaders(
        passing(client).headers().plus("Connection", "Upgrade").plus("Upgrade", protocols));
  }

  private Headers forwarded(Headers received) {
    return Via.append(HopByHop.strip(withoutOwn(received)), "1.1", pseudonym);
  }

  /** Less the fields that speak to this cache. */
  static Headers withoutOwn(Headers received) {
    Headers.Builder kept = null;
    for (int i = 0; i < received.size(); i++) {
      if (isOwn(received.name(i))) {
        kept = kept == null ? received.toBuilder() : kept;
        kept.remove(received.name(i));
      }
    }
    return kept == null ? received : kept.build();
  }

  private static boolean isOwn(String name) {
    if (name.length() < 7 || (name.charAt(0) | 0x20) != 'x') {
      return false;
    }
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.startsWith("x-weir-") || lower.equals("x-passsage-policy");
  }
}
