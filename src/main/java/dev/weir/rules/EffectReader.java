package dev.weir.rules;

import dev.weir.http.Authority;
import dev.weir.policy.Effect;
import dev.weir.policy.Effects;
import dev.weir.policy.Glob;
import dev.weir.policy.KeyRules;
import dev.weir.policy.Policy;
import dev.weir.policy.RuleTimeouts;
import dev.weir.policy.UrlPattern;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads what a rule decides. A key is here only if the exchange acts on it. */
final class EffectReader {
  private static final Map<String, Reader<?>> KEYS = keys();

  private EffectReader() {}

  /** An effect and how its value is read. */
  private record Reader<T>(Effect<T> effect, Function<Value, T> read) {
    Effects add(Effects effects, Value value) {
      return effects.with(effect, read.apply(value));
    }
  }

  /** The keys of all effects. */
  static Set<String> names() {
    return KEYS.keySet();
  }

  static Effects read(Block rule) {
    Effects effects = Effects.NONE;
    for (String key : rule.keys()) {
      Reader<?> reader = KEYS.get(key);
      Value value = rule.get(key);
      if (reader != null && value != null) {
        effects = reader.add(effects, value);
      }
    }
    return effects;
  }

  private static Map<String, Reader<?>> keys() {
    Map<String, Reader<?>> keys = new LinkedHashMap<>();
    put(keys, Effect.POLICY, EffectReader::policy);
    put(keys, Effect.FORCED_STALE_WHILE_REVALIDATE, Value::millis);
    put(keys, Effect.UNCHANGING_FOR, Value::millis);
    put(keys, Effect.TIMEOUTS, EffectReader::timeouts);
    put(keys, Effect.KEY, EffectReader::key);
    put(keys, Effect.SIGNING_PARAMETERS, EffectReader::lowerNames);
    put(keys, Effect.TRUST_SIGNATURES, Value::flag);
    put(keys, Effect.DENY, EffectReader::deny);
    put(keys, Effect.STORE, Value::flag);
    put(keys, Effect.OBJECT_REDIRECT, Value::flag);
    put(keys, Effect.FRESHNESS, StoringReader::freshness);
    put(keys, Effect.NEGATIVE_CACHING, StoringReader::errors);
    put(keys, Effect.STALE_ON, StoringReader::staleOn);
    put(keys, Effect.VARY, StoringReader::vary);
    put(keys, Effect.LIMITS, OriginReader::limits);
    put(keys, Effect.CREDENTIALS, OriginReader::credentials);
    put(keys, Effect.CIRCUIT_BREAKER, OriginReader::circuit);
    put(keys, Effect.ORIGIN_LIMITS, OriginReader::originLimits);
    put(keys, Effect.FOLLOW_REDIRECTS, OriginReader::redirects);
    put(keys, Effect.MAX_OBJECT, Value::bytes);
    put(keys, Effect.MIRROR_SCHEME, EffectReader::scheme);
    put(keys, Effect.MIRROR_FIELDS, EffectReader::lowerNames);
    put(keys, Effect.MIRROR_PRIVATE, Value::flag);
    put(keys, Effect.ACCELERATION, Value::flag);
    put(keys, Effect.UPSTREAM_TLS, UpstreamTlsReader::read);
    put(keys, Effect.BIND, OriginReader::localAddress);
    return keys;
  }

  private static <T> void put(
      Map<String, Reader<?>> keys, Effect<T> effect, Function<Value, T> read) {
    keys.put(effect.name(), new Reader<>(effect, read));
  }

  static Policy policy(Value value) {
    return Policy.named(value.text())
        .orElseThrow(
            () ->
                value.bad(
                    "one of "
                        + Arrays.stream(Policy.values())
                            .map(Policy::label)
                            .collect(Collectors.joining(", "))));
  }

  private static RuleTimeouts timeouts(Value value) {
    Block block =
        value.block("a block of connect, read, total").onlyKeys("connect", "read", "total");
    return new RuleTimeouts(
        millis(block, "connect"), millis(block, "read"), millis(block, "total"));
  }

  private static long millis(Block block, String key) {
    Value value = block.get(key);
    return value == null ? RuleTimeouts.DEFAULT_MILLIS : value.millis();
  }

  private static String scheme(Value value) {
    return switch (value.text()) {
      case "http" -> "http";
      case "https" -> "https";
      default -> throw value.bad("http or https");
    };
  }

  static Set<String> lowerNames(Value value) {
    return value.words().stream()
        .map(word -> word.toLowerCase(Locale.ROOT))
        .collect(Collectors.toUnmodifiableSet());
  }

  /** {@code deny = on} is 403. */
  private static Integer deny(Value value) {
    String text = value.text();
    if (text.equalsIgnoreCase("on") || text.equalsIgnoreCase("true")) {
      return 403;
    }
    int status = (int) value.number(400, 599);
    if (status == 407) {
      throw value.bad("another status: 407 asks for credentials of this proxy");
    }
    return status;
  }

  private static KeyRules key(Value value) {
    Block block =
        value
            .block("a block of key rules")
            .onlyKeys("query", "drop", "keep", "sort", "site", "rewrite");
    Value query = block.get("query");
    if (query != null && !query.text().equals("drop")) {
      throw query.bad("drop (to take it out of the key)");
    }
    Value sort = block.get("sort");
    return new KeyRules(
        query != null,
        globs(block.get("drop")),
        globs(block.get("keep")),
        sort != null && sort.flag(),
        site(block.get("site")),
        rewrites(block.get("rewrite")));
  }

  private static List<Glob> globs(@Nullable Value value) {
    return value == null ? List.of() : value.words().stream().map(Glob::new).toList();
  }

  private static KeyRules.@Nullable Site site(@Nullable Value value) {
    if (value == null) {
      return null;
    }
    return value.as(
        "a site as https://mirror.example",
        text -> {
          URI uri = URI.create(text);
          String scheme = uri.getScheme();
          String host = uri.getHost();
          boolean bare = uri.getRawPath().isEmpty() && uri.getRawUserInfo() == null;
          if (host == null || !bare || !List.of("http", "https").contains(scheme)) {
            throw new IllegalArgumentException("scheme, host and port alone");
          }
          String name = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
          int port = uri.getPort() < 0 ? Authority.defaultPort(scheme) : uri.getPort();
          return new KeyRules.Site(scheme, new Authority(name, port));
        });
  }

  private static List<KeyRules.Rewrite> rewrites(@Nullable Value value) {
    List<KeyRules.Rewrite> rewrites = new ArrayList<>();
    if (value != null) {
      for (Value one : value.someValues()) {
        Block block = one.block("a block as { find = ..., to = ... }").onlyKeys("find", "to");
        UrlPattern find =
            block.need("find", "a regular expression").as("a regular expression", UrlPattern::of);
        Value to = block.need("to", "what takes its place");
        String refusal = find.refusal(to.text());
        if (refusal != null) {
          throw to.bad("a replacement with groups of the expression ($1; " + refusal + ")");
        }
        rewrites.add(new KeyRules.Rewrite(find, to.text()));
      }
    }
    return rewrites;
  }
}
