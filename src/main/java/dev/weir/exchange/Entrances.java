package dev.weir.exchange;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.policy.Effect;
import dev.weir.policy.Effects;
import dev.weir.policy.Entrance;
import java.util.Locale;
import java.util.Set;

/** What an entrance makes of requests that come by it. Pure. */
final class Entrances {
  private Entrances() {}

  /** The fields that go on: what speaks to this cache never does. */
  static Headers carried(Headers received, Entrance entrance, Effects effects) {
    Headers kept = OriginHeads.withoutOwn(received);
    Set<String> fields = entrance.fields();
    if (fields == null) {
      return kept;
    }
    Set<String> more = effects.get(Effect.MIRROR_FIELDS, Set.of());
    Headers.Builder carried = Headers.builder();
    kept.forEach(
        (name, value) -> {
          String lower = name.toLowerCase(Locale.ROOT);
          if (fields.contains(lower) || more.contains(lower)) {
            carried.add(name, value);
          }
        });
    return carried.build();
  }

  /** The same request by another scheme; the default port follows it. */
  static RequestHead by(String scheme, RequestHead request) {
    Authority authority = request.authority();
    boolean usual = authority.port() == Authority.defaultPort(request.scheme());
    return new RequestHead(
        request.method(),
        scheme,
        usual ? new Authority(authority.host(), Authority.defaultPort(scheme)) : authority,
        request.target(),
        request.headers());
  }
}
