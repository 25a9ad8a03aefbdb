package dev.weir.rules;

import dev.weir.policy.AddressBlock;
import dev.weir.policy.Glob;
import dev.weir.policy.ImmutablePath;
import dev.weir.policy.Matcher;
import dev.weir.policy.Matcher.Part;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Reads what a rule matches. The keys of a block hold together; the values of a key are
 * alternatives. So {@code match { host = [a, b], path-prefix = /x }} is (a or b) and /x.
 */
final class MatchReader {
  private static final Map<String, Function<Value, Matcher>> KEYS = keys();

  private MatchReader() {}

  static Matcher read(Block block) {
    block.onlyKeys(KEYS.keySet());
    List<Matcher> all = new ArrayList<>();
    for (String key : block.keys()) {
      Function<Value, Matcher> reader = KEYS.get(key);
      Value value = block.get(key);
      if (reader != null && value != null) {
        all.add(reader.apply(value));
      }
    }
    if (all.isEmpty()) {
      throw block.bad("something to match; `url-prefix = \"http\"` is every URL");
    }
    return all.size() == 1 ? all.getFirst() : new Matcher.All(all);
  }

  private static Map<String, Function<Value, Matcher>> keys() {
    Map<String, Function<Value, Matcher>> keys = new LinkedHashMap<>();
    keys.put("host", texts(MatchReader::host));
    keys.put("host-suffix", texts(MatchReader::domain));
    keys.put("host-prefix", texts(value -> new Matcher.Prefix(Part.HOST, value.word())));
    keys.put("host-contains", texts(value -> new Matcher.Contains(Part.HOST, value.word())));
    keys.put("url-prefix", texts(value -> new Matcher.UrlPrefix(value.word())));
    part(keys, "url", Part.URL);
    part(keys, "path", Part.PATH);
    part(keys, "host-and-path", Part.HOST_AND_PATH);
    keys.put("url-regex", texts(v -> v.as("a regular expression", Matcher.UrlRegex::of)));
    keys.put("shape", texts(MatchReader::shape));
    keys.put("method", MatchReader::methods);
    keys.put("header", MatchReader::headers);
    keys.put(
        "client",
        texts(
            value -> new Matcher.Client(value.as("a network as 10.0.0.0/8", AddressBlock::parse))));
    keys.put("listener", texts(v -> new Matcher.Listener((int) v.number(1, 65_535))));
    keys.put("all", value -> new Matcher.All(blocks(value)));
    keys.put("any", value -> new Matcher.Any(blocks(value)));
    keys.put("not", value -> new Matcher.Not(any(blocks(value))));
    return keys;
  }

  private static void part(Map<String, Function<Value, Matcher>> keys, String name, Part part) {
    keys.put(name, texts(value -> new Matcher.Is(part, value.word())));
    keys.putIfAbsent(name + "-prefix", texts(value -> new Matcher.Prefix(part, value.word())));
    keys.put(name + "-suffix", texts(value -> new Matcher.Suffix(part, value.word())));
    keys.put(name + "-contains", texts(value -> new Matcher.Contains(part, value.word())));
    keys.put(name + "-glob", texts(value -> new Matcher.Like(part, new Glob(value.word()))));
  }

  private static Function<Value, Matcher> texts(Function<Value, Matcher> one) {
    return value -> any(value.someValues().stream().map(one).toList());
  }

  private static Matcher any(List<Matcher> matchers) {
    return matchers.size() == 1 ? matchers.getFirst() : new Matcher.Any(matchers);
  }

  private static List<Matcher> blocks(Value value) {
    return value.someValues().stream()
        .map(one -> read(one.block("a block of matchers, or a list of them")))
        .toList();
  }

  private static Matcher host(Value value) {
    String host = value.word();
    if (host.contains("*")) {
      throw value.bad("a host name (host-suffix is a domain with all below it)");
    }
    return new Matcher.HostIs(hostName(value, host));
  }

  private static Matcher domain(Value value) {
    String domain = value.word();
    return new Matcher.HostBelow(
        hostName(value, domain.startsWith(".") ? domain.substring(1) : domain));
  }

  private static String hostName(Value value, String host) {
    if (host.isEmpty() || !host.matches("[A-Za-z0-9._:-]+") || host.matches("[^:]*:[0-9]*")) {
      throw value.bad("a host name or address, without scheme, port or path");
    }
    return host;
  }

  private static Matcher shape(Value value) {
    String name = value.word();
    for (ImmutablePath shape : ImmutablePath.values()) {
      if (name(shape).equals(name)) {
        return new Matcher.Immutable(shape);
      }
    }
    throw value.bad(
        "one of "
            + Arrays.stream(ImmutablePath.values())
                .map(MatchReader::name)
                .collect(Collectors.joining(", ")));
  }

  private static String name(ImmutablePath shape) {
    return shape.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static Matcher methods(Value value) {
    value.someValues();
    return new Matcher.Method(Set.copyOf(value.words()));
  }

  /** Each field of the block has to be there with one of its values. */
  private static Matcher headers(Value value) {
    Block block = value.block("a block as { User-Agent = \"curl/*\" }");
    List<Matcher> all = new ArrayList<>();
    for (String name : block.keys()) {
      Value wanted = block.need(name, "a form");
      all.add(
          any(
              wanted.someValues().stream()
                  .<Matcher>map(one -> new Matcher.HasHeader(name, new Glob(one.word())))
                  .toList()));
    }
    if (all.isEmpty()) {
      throw block.bad("the name of a field");
    }
    return all.size() == 1 ? all.getFirst() : new Matcher.All(all);
  }
}
