package dev.weir.cli;

import dev.weir.entry.PrimaryKey;
import dev.weir.http.Headers;
import dev.weir.http.NamedDigest;
import dev.weir.http.RequestHead;
import dev.weir.mirror.MirrorEntrances;
import dev.weir.mirror.MirrorSettings;
import dev.weir.policy.CacheKeys;
import dev.weir.policy.Entrance;
import dev.weir.policy.Mount;
import dev.weir.policy.PolicyTable;
import dev.weir.policy.Resolution;
import dev.weir.rules.Explanation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** From the URLs that people type to the keys under which things are stored. */
final class UrlKeys {
  private UrlKeys() {}

  /**
   * The key of a GET for that URL, byte for byte as a client would send it; null for what is no
   * absolute http or https URL.
   *
   * @param rules in force, some of which shape keys
   */
  static @Nullable PrimaryKey of(String url, PolicyTable rules) {
    try {
      RequestHead request = Explanation.request("GET", url, Headers.EMPTY);
      return CacheKeys.of(request, "", rules.resolve(request).effects()).primary();
    } catch (IllegalArgumentException notAUrl) {
      return null;
    }
  }

  /**
   * Where it is kept besides for clients with credentials of their own: empty where its URL names
   * no digest, which nearly none does, and each key more is a question to one more keeper.
   */
  static List<PrimaryKey> withCredentials(String url, PrimaryKey key) {
    RequestHead request = Explanation.request("GET", url, Headers.EMPTY);
    return NamedDigest.of(request.target()) == null
        ? List.of()
        : List.of(CacheKeys.withCredentials(key));
  }

  /**
   * The keys under which mounts of a mirror keep that URL to themselves.
   *
   * @param mirror what a mirror does where rules and mounts do not decide
   */
  static List<PrimaryKey> ofMounts(
      String url, PolicyTable rules, List<Mount> mounts, MirrorSettings mirror) {
    List<PrimaryKey> keys = new ArrayList<>();
    try {
      RequestHead request = Explanation.request("GET", url, Headers.EMPTY);
      for (Mount mount : mounts) {
        for (Mount.Origin origin : mount.origins()) {
          if (request.url().startsWith(origin.url())) {
            Entrance entrance = MirrorEntrances.of(mount, origin, mirror);
            Resolution said = entrance.decide(rules.resolve(request));
            keys.add(CacheKeys.of(request, entrance.realm(), said.effects()).primary());
          }
        }
      }
    } catch (IllegalArgumentException notAUrl) {
      return List.of();
    }
    return keys;
  }
}
