package dev.weir.rules;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.policy.AddressBlock;
import dev.weir.policy.CacheKeys;
import dev.weir.policy.Caller;
import dev.weir.policy.Effect;
import dev.weir.policy.PolicyTable;
import dev.weir.policy.Resolution;
import dev.weir.policy.Subject;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A test case of a rule file: a request and what the rules are expected to say of it. It runs when
 * the file is checked.
 *
 * @param place where it stands
 */
record RuleTest(String place, RequestHead request, Caller caller, Map<String, String> expected) {
  private static final List<String> EXPECTABLE =
      List.of("rule", "policy", "key", "signed", "denied");

  static List<RuleTest> read(@Nullable Value value) {
    List<RuleTest> tests = new ArrayList<>();
    if (value != null) {
      for (Value one : value.values()) {
        tests.add(read(one.block("a list of blocks as { url = ..., expect { rule = ... } }")));
      }
    }
    return tests;
  }

  private static RuleTest read(Block unnamed) {
    Block block = unnamed.named("a test");
    block.onlyKeys("url", "method", "headers", "client", "listener", "expect");
    Value url = block.need("url", "an absolute URL");
    Value method = block.get("method");
    Value client = block.get("client");
    Value listener = block.get("listener");
    Block expect = block.need("expect", "what is expected").block("a block of expectations");
    expect.onlyKeys(EXPECTABLE);
    Map<String, String> expected = new LinkedHashMap<>();
    expect.keys().forEach(key -> expected.put(key, expect.need(key, "a text").text()));
    if (expected.isEmpty()) {
      throw expect.bad("one of " + String.join(", ", EXPECTABLE));
    }
    RequestHead request =
        url.as(
            "an absolute http or https URL",
            text -> request(method == null ? "GET" : method.word(), text, headers(block)));
    Caller caller =
        new Caller(
            client == null ? null : client.as("an address", AddressBlock::parse).network(),
            listener == null ? 0 : (int) listener.number(1, 65_535));
    return new RuleTest(Value.place(unnamed.config().origin()), request, caller, expected);
  }

  private static Headers headers(Block block) {
    Value value = block.get("headers");
    Headers.Builder headers = Headers.builder();
    if (value != null) {
      Block fields = value.block("a block of fields");
      for (String name : fields.keys()) {
        fields.need(name, "a value").words().forEach(one -> headers.add(name, one));
      }
    }
    return headers.build();
  }

  /**
   * The head of a request for a URL, path and query byte for byte.
   *
   * @throws IllegalArgumentException for what is no absolute http or https URL
   */
  static RequestHead request(String method, String url, Headers headers) {
    int colon = url.indexOf("://");
    String scheme = colon < 0 ? "" : url.substring(0, colon).toLowerCase(Locale.ROOT);
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw new IllegalArgumentException("it begins with http:// or https://");
    }
    int end = colon + 3;
    while (end < url.length() && "/?#".indexOf(url.charAt(end)) < 0) {
      end++;
    }
    try {
      URI site = new URI(scheme + url.substring(colon, end));
      String host = site.getHost();
      if (host == null || site.getUserInfo() != null) {
        throw new IllegalArgumentException("it names no host");
      }
      String rest = url.substring(end);
      int fragment = rest.indexOf('#');
      String target = fragment < 0 ? rest : rest.substring(0, fragment);
      String name = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
      int port = site.getPort() < 0 ? Authority.defaultPort(scheme) : site.getPort();
      return new RequestHead(
          method,
          scheme,
          new Authority(name, port),
          target.startsWith("/") ? target : "/" + target,
          headers);
    } catch (URISyntaxException bad) {
      throw new IllegalArgumentException(bad.getReason(), bad);
    }
  }

  /** What the rules say otherwise than is expected; empty if nothing. */
  List<String> run(PolicyTable table) {
    Resolution said = table.resolve(Subject.of(request, caller));
    List<String> wrong = new ArrayList<>();
    expected.forEach(
        (what, wanted) -> {
          String got = actual(what, said);
          boolean right = what.equals("policy") ? got.equalsIgnoreCase(wanted) : got.equals(wanted);
          if (!right) {
            wrong.add(
                "%s: test of %s: expected %s '%s', got '%s'"
                    .formatted(place, request.url(), what, wanted, got));
          }
        });
    return wrong;
  }

  private String actual(String what, Resolution said) {
    return switch (what) {
      case "rule" -> said.ruleName();
      case "policy" -> said.policy().label();
      case "key" -> CacheKeys.of(request, "", said.effects()).keyUrl();
      case "signed" -> String.valueOf(CacheKeys.of(request, "", said.effects()).signed());
      default -> String.valueOf(said.effects().get(Effect.DENY) != null);
    };
  }
}
