package dev.weir.cli;

import dev.weir.entry.PrimaryKey;
import dev.weir.exchange.FiledKeys;
import dev.weir.http.Headers;
import dev.weir.http.NamedDigest;
import dev.weir.http.RequestHead;
import dev.weir.mirror.MirrorEntrances;
import dev.weir.mirror.MirrorSettings;
import dev.weir.policy.CacheKeys;
import dev.weir.policy.Caller;
import dev.weir.policy.Entrance;
import dev.weir.policy.Mount;
import dev.weir.rules.Explanation;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * From the URLs that people type to the keys under which things are stored.
 *
 * @param filed where requests are filed by the rules and filters in force
 */
record UrlKeys(FiledKeys filed) {
  /**
   * A GET for that URL, byte for byte as a client would send it; null for what is no absolute http
   * or https URL, or no field.
   *
   * @param fields the request's, each as {@code NAME:VALUE}
   */
  static @Nullable RequestHead request(String url, List<String> fields) {
    try {
      return Explanation.request("GET", url, headers(fields));
    } catch (IllegalArgumentException notAUrl) {
      return null;
    }
  }

  /**
   * Fields as people type them.
   *
   * @throws IllegalArgumentException for what is none
   */
  static Headers headers(List<String> fields) {
    Headers.Builder headers = Headers.builder();
    for (String field : fields) {
      int colon = field.indexOf(':');
      if (colon < 1) {
        throw new IllegalArgumentException("expected NAME:VALUE, got '" + field + "'");
      }
      headers.add(field.substring(0, colon).strip(), field.substring(colon + 1).strip());
    }
    return headers.build();
  }

  /** The key of that request to the forward proxy. */
  CompletionStage<PrimaryKey> of(RequestHead request) {
    return filed.of(request, Caller.NOBODY, Entrance.PROXY).thenApply(FiledKeys.Filed::key);
  }

  /**
   * All keys that it may be filed under: that of the proxy first, then those of mounts that lead
   * there, and that of clients with credentials of their own.
   *
   * @param mirror what a mirror does where rules and mounts do not decide
   */
  CompletionStage<Set<PrimaryKey>> all(
      RequestHead request, List<Mount> mounts, MirrorSettings mirror) {
    CompletionStage<Set<PrimaryKey>> all =
        of(request)
            .thenApply(
                key -> {
                  Set<PrimaryKey> keys = new LinkedHashSet<>(Set.of(key));
                  keys.addAll(withCredentials(request, key));
                  return keys;
                });
    for (Entrance entrance : leadingTo(request, mounts, mirror)) {
      all =
          all.thenCombine(
              filed.of(request, Caller.NOBODY, entrance),
              (keys, own) -> {
                keys.add(own.key());
                return keys;
              });
    }
    return all;
  }

  /**
   * Where it is kept besides for clients with credentials of their own: empty where its URL names
   * no digest, which nearly none does, and each key more is a question to one more keeper.
   */
  static List<PrimaryKey> withCredentials(RequestHead request, PrimaryKey key) {
    return NamedDigest.of(request.target()) == null
        ? List.of()
        : List.of(CacheKeys.withCredentials(key));
  }

  private static List<Entrance> leadingTo(
      RequestHead request, List<Mount> mounts, MirrorSettings mirror) {
    List<Entrance> entrances = new ArrayList<>();
    for (Mount mount : mounts) {
      for (Mount.Origin origin : mount.origins()) {
        if (request.url().startsWith(origin.url())) {
          entrances.add(MirrorEntrances.of(mount, origin, mirror));
        }
      }
    }
    return entrances;
  }
}
