package dev.weir.rules;

import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.policy.CacheKey;
import dev.weir.policy.CacheKeys;
import dev.weir.policy.Caller;
import dev.weir.policy.Effect;
import dev.weir.policy.Effects;
import dev.weir.policy.Expression;
import dev.weir.policy.Expressions;
import dev.weir.policy.LateRule;
import dev.weir.policy.Policy;
import dev.weir.policy.PolicyTable;
import dev.weir.policy.Resolution;
import dev.weir.policy.Rule;
import dev.weir.policy.RuleTimeouts;
import dev.weir.policy.Subject;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What the rules say of a request, in lines for people. Pure: nothing is asked of a node or origin.
 */
public final class Explanation {
  private Explanation() {}

  /**
   * The head of a request for an absolute URL.
   *
   * @throws IllegalArgumentException for what is none
   */
  public static RequestHead request(String method, String url, Headers headers) {
    return RuleTest.request(method, url, headers);
  }

  public static List<String> of(PolicyTable table, RequestHead request, Caller caller) {
    Resolution said = table.resolve(Subject.of(request, caller));
    CacheKey key = CacheKeys.of(request, "", said.effects());
    List<String> lines = new ArrayList<>();
    lines.add("rule      " + said.ruleName());
    if (!said.before().isEmpty()) {
      lines.add("before    " + String.join(", ", said.before()));
    }
    lines.addAll(conditions(table, said));
    lines.add("policy    " + said.policy().label());
    lines.add("url       " + request.url());
    lines.add("key       " + key.keyUrl() + (key.signed() ? "  (signed)" : ""));
    lines.add("digest    " + key.primary().digest());
    lines.add("timeouts  " + timeouts(said.timeouts()));
    for (Effect<?> effect : said.effects().decided()) {
      if (!effect.equals(Effect.POLICY)
          && !effect.equals(Effect.TIMEOUTS)
          && !effect.equals(Effect.KEY_TARGET)
          && !effect.equals(Effect.KEY)) {
        lines.add("effect    " + shown(effect, said.effects()));
      }
    }
    for (LateRule late : said.late()) {
      lines.add(
          "response  "
              + late.name()
              + ": "
              + late.effects().decided().stream()
                  .map(effect -> shown(effect, late.effects()))
                  .collect(Collectors.joining(", "))
              + " when "
              + oneLine(late.when()));
    }
    lines.add("decision  " + decision(request, said, key));
    return lines;
  }

  /** What was worked out for this request by the rules that decided. */
  private static List<String> conditions(PolicyTable table, Resolution said) {
    List<String> lines = new ArrayList<>();
    for (Rule rule : table.rules()) {
      if (!rule.name().equals(said.ruleName()) && !said.before().contains(rule.name())) {
        continue;
      }
      Expressions worked = rule.expressions();
      if (worked.when() != null) {
        lines.add("when      " + rule.name() + ": " + oneLine(worked.when()));
      }
      if (worked.policy() != null) {
        lines.add("computed  " + rule.name() + ": policy = " + oneLine(worked.policy()));
      }
      if (worked.key() != null) {
        lines.add("computed  " + rule.name() + ": key = " + oneLine(worked.key()));
      }
    }
    return lines;
  }

  private static String shown(Effect<?> effect, Effects effects) {
    Object value = effects.get(effect);
    return effect.name() + " = " + (value instanceof Long millis ? duration(millis) : value);
  }

  private static String oneLine(Expression<?> expression) {
    return expression.text().replaceAll("\\s+", " ");
  }

  private static String decision(RequestHead request, Resolution said, CacheKey key) {
    Integer denied = said.effects().get(Effect.DENY);
    if (denied != null) {
      return "refused with " + denied;
    }
    if (!request.isGet() && !request.isHead()) {
      return "past the cache: " + request.method();
    }
    Policy policy = said.policy();
    if (!policy.usesCache()) {
      return "past the cache: policy";
    }
    String signed =
        key.signed() && !said.trustSignatures() && !key.signature().orElseThrow().trusted()
            ? "; a hit needs the origin's word on this signature"
            : "";
    return switch (policy) {
          case NO_REFRESH -> "served at any age, fetched if missing";
          case STANDARD -> standard(said) + "; errors of the origin as RFC 9111 and RFC 5861 say";
          case STALE_IF_ERROR -> standard(said) + "; stale if the origin fails";
          case ALWAYS_UPSTREAM -> "fetched each time, served from the cache if the origin fails";
          case ALWAYS_VALIDATE -> "validated each time; stale if the origin fails";
          case NO_CACHE -> "past the cache: policy";
        }
        + signed;
  }

  private static String standard(Resolution said) {
    String served = "served while fresh";
    if (said.freshnessOverrideMillis() > 0) {
      served += " (a 200 for at least " + duration(said.freshnessOverrideMillis()) + ")";
    }
    if (said.forcedStaleWhileRevalidateMillis() > 0) {
      return served
          + ", up to an age of "
          + duration(said.forcedStaleWhileRevalidateMillis())
          + " at once and validated behind";
    }
    return served + ", then validated";
  }

  private static String timeouts(RuleTimeouts timeouts) {
    return "connect "
        + timeout(timeouts.connectMillis())
        + ", read "
        + timeout(timeouts.readMillis())
        + ", total "
        + timeout(timeouts.totalMillis());
  }

  private static String timeout(long millis) {
    return millis == RuleTimeouts.DEFAULT_MILLIS
        ? "as set for the node"
        : millis == 0 ? "none" : duration(millis);
  }

  static String duration(long millis) {
    if (millis > 0 && millis % 86_400_000 == 0) {
      return millis / 86_400_000 + "d";
    }
    if (millis > 0 && millis % 3_600_000 == 0) {
      return millis / 3_600_000 + "h";
    }
    if (millis > 0 && millis % 60_000 == 0) {
      return millis / 60_000 + "m";
    }
    return millis % 1000 == 0 ? millis / 1000 + "s" : millis + "ms";
  }
}
