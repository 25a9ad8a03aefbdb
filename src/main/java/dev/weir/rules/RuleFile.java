package dev.weir.rules;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import dev.weir.policy.Effect;
import dev.weir.policy.Effects;
import dev.weir.policy.Expressions;
import dev.weir.policy.Matcher;
import dev.weir.policy.Mount;
import dev.weir.policy.Policy;
import dev.weir.policy.Rule;
import java.io.File;
import java.net.URL;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What stands in one rule file.
 *
 * @param defaultPolicy for requests that no rule decides, or null where the file leaves it open
 * @param builtIn whether the built-in rules stay behind these
 * @param removed names of built-in rules that go
 * @param mounts of a mirror
 */
record RuleFile(
    @Nullable Policy defaultPolicy,
    boolean builtIn,
    List<Named> removed,
    List<Placed> rules,
    List<Mount> mounts,
    List<RuleTest> tests) {
  private static final Set<String> TOP =
      Set.of("rules", "mounts", "default-policy", "built-in", "remove", "tests", "let");
  private static final Set<String> OWN =
      Set.of(
          "name",
          "match",
          "when",
          "policy-expression",
          "key-expression",
          "before",
          "after",
          "replace",
          "continue");

  /** What can still be decided when the response is there. */
  private static final Set<Effect<?>> LATE =
      Set.of(Effect.STORE, Effect.FRESHNESS, Effect.NEGATIVE_CACHING);

  private static final Set<String> RESERVED = Set.of("default", "header");

  /** The name of a rule, and where it is mentioned. */
  record Named(String name, Value at) {}

  /**
   * A rule and where it wants to stand.
   *
   * @param before the rule it goes before, or null
   * @param after the rule it goes behind, or null
   * @param replaces whether it takes the place of the rule of its name
   */
  record Placed(
      Rule rule, @Nullable Named before, @Nullable Named after, boolean replaces, Named self) {}

  /**
   * Reads the text of a file.
   *
   * @param name for messages
   * @param limits of expressions and commands
   * @throws RuleFileException for what cannot be used
   */
  static RuleFile parse(String name, String text, RulesSettings limits) {
    Block top = new Block(object(name, text), name, limits).onlyKeys(TOP);
    Value policy = top.get("default-policy");
    Value builtIn = top.get("built-in");
    return new RuleFile(
        policy == null ? null : EffectReader.policy(policy),
        builtIn == null || builtIn.flag(),
        removed(top.get("remove")),
        rules(top.get("rules")),
        MountReader.read(top.get("mounts")),
        RuleTest.read(top.get("tests")));
  }

  private static ConfigObject object(String name, String text) {
    try {
      Config parsed =
          ConfigFactory.parseString(
              text,
              ConfigParseOptions.defaults()
                  .setOriginDescription(name)
                  .setIncluder(new NoIncludes(name)));
      return parsed.resolve().root();
    } catch (ConfigException bad) {
      String message = String.valueOf(bad.getMessage()).replaceAll("\\s+", " ");
      throw new RuleFileException(message.startsWith(name) ? message : name + ": " + message);
    }
  }

  private static List<Named> removed(@Nullable Value value) {
    return value == null
        ? List.of()
        : value.values().stream().map(one -> new Named(one.word(), one)).toList();
  }

  private static List<Placed> rules(@Nullable Value value) {
    List<Placed> rules = new ArrayList<>();
    if (value != null) {
      for (Value one : value.values()) {
        rules.add(rule(one.block("a list of rules, each a block { name, match, ... }")));
      }
    }
    return rules;
  }

  private static Placed rule(Block unnamed) {
    Value name = unnamed.named("a rule").need("name", "the name of the rule");
    if (!name.word().matches("[A-Za-z0-9][A-Za-z0-9._-]*") || RESERVED.contains(name.word())) {
      throw name.bad("letters, digits and . _ - (and not `default` or `header`)");
    }
    Block block = unnamed.named("rule '" + name.word() + "'");
    Set<String> known = new HashSet<>(OWN);
    known.addAll(EffectReader.names());
    block.onlyKeys(known);
    Expressions expressions = expressions(block);
    Matcher matcher = matcher(block, expressions);
    Effects effects = EffectReader.read(block);
    if (effects.equals(Effects.NONE) && expressions.policy() == null && expressions.key() == null) {
      throw block.bad("a policy or another effect");
    }
    if (expressions.asksResponse()) {
      refuseEarly(block, effects, expressions);
    }
    Value goesOn = block.get("continue");
    Value replace = block.get("replace");
    Named before = named(block.get("before"));
    Named after = named(block.get("after"));
    if ((before != null ? 1 : 0) + (after != null ? 1 : 0) + (replace != null ? 1 : 0) > 1) {
      throw block.bad("one of before, after and replace");
    }
    return new Placed(
        new Rule(name.word(), matcher, effects, goesOn != null && goesOn.flag(), expressions),
        before,
        after,
        replace != null && replace.flag(),
        new Named(name.word(), name));
  }

  /** Where there is a condition it may be all there is. */
  private static Matcher matcher(Block block, Expressions expressions) {
    return block.get("match") == null && expressions.when() != null
        ? new Matcher.All(List.of())
        : MatchReader.read(block.need("match", "what it applies to").block("a block of matchers"));
  }

  private static Expressions expressions(Block block) {
    Value when = block.get("when");
    Value policy = block.get("policy-expression");
    Value key = block.get("key-expression");
    if (policy != null && block.get("policy") != null) {
      throw policy.bad("either policy or policy-expression");
    }
    return when == null && policy == null && key == null
        ? Expressions.NONE
        : new Expressions(
            when == null ? null : RuleExpression.condition(when),
            policy == null ? null : RuleExpression.policy(policy),
            key == null ? null : RuleExpression.key(key));
  }

  private static void refuseEarly(Block block, Effects effects, Expressions expressions) {
    boolean early = effects.decided().stream().anyMatch(effect -> !LATE.contains(effect));
    if (early || expressions.policy() != null || expressions.key() != null) {
      throw block.bad(
          "store, freshness and negative-caching alone: its condition asks about the response, and"
              + " all else is decided before there is one");
    }
  }

  private static @Nullable Named named(@Nullable Value value) {
    return value == null ? null : new Named(value.word(), value);
  }

  /** What a file includes would be neither watched nor part of its version. */
  private record NoIncludes(String name)
      implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {
    @Override
    public ConfigIncluder withFallback(ConfigIncluder fallback) {
      return this;
    }

    @Override
    public ConfigObject include(ConfigIncludeContext context, String what) {
      throw new RuleFileException(
          name + ": `include` is not followed; give --policy-file several files, or a folder");
    }

    @Override
    public ConfigObject includeFile(ConfigIncludeContext context, File what) {
      return include(context, "");
    }

    @Override
    public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
      return include(context, "");
    }

    @Override
    public ConfigObject includeResources(ConfigIncludeContext context, String what) {
      return include(context, "");
    }
  }
}
