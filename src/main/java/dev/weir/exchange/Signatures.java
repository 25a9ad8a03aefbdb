package dev.weir.exchange;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.policy.SignedUrl;
import java.time.Duration;

/** Which signatures origins have accepted lately, for which key. Bounded, and only digests. */
final class Signatures {
  private final Cache<String, Boolean> accepted;

  Signatures(ExchangeSettings settings) {
    accepted =
        Caffeine.newBuilder()
            .maximumSize(settings.provenSignatures())
            .expireAfterWrite(Duration.ofMillis(settings.provenSignatureMillis()))
            .build();
  }

  /** Whether the request may be answered without its own URL being tried at the origin. */
  boolean mayReuse(Route route, long nowMillis) {
    SignedUrl signature = route.signature();
    return signature == null
        || signature.reuse(
                nowMillis,
                accepted.getIfPresent(name(route, signature)) != null,
                route.trustSignatures())
            == SignedUrl.Reuse.ALLOWED;
  }

  /** The origin answered this very URL with success. */
  void accepted(Route route) {
    SignedUrl signature = route.signature();
    if (signature != null) {
      accepted.put(name(route, signature), Boolean.TRUE);
    }
  }

  private static String name(Route route, SignedUrl signature) {
    return route.key().digest() + signature.identity();
  }
}
