package dev.weir.rules;

import dev.weir.policy.AddressBlock;
import dev.weir.policy.CircuitRule;
import dev.weir.policy.Credentials;
import dev.weir.policy.Limits;
import dev.weir.policy.OriginLimits;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads what rules decide about how much is asked of origins, and in whose name. */
final class OriginReader {
  /** A network that one subscriber or site usually has. */
  private static final int IPV4_BITS = 32;

  private static final int IPV6_BITS = 64;

  /** Registries' tokens live for an hour or more; a changed secret is found soon enough. */
  private static final long KEEP_MILLIS = 300_000;

  private static final long LEAST_KEEP_MILLIS = 1000;

  private static final long MAX_KEEP_MILLIS = 86_400_000;

  private static final long MAX_OPEN_MILLIS = 3_600_000;

  /** Mirrors send on once or twice; what takes longer goes round in circles. */
  private static final int REDIRECTS = 5;

  /** Fields that say how a message is framed or what is asked for. */
  private static final Set<String> UNFIT =
      Set.of(
          "host",
          "connection",
          "content-length",
          "transfer-encoding",
          "upgrade",
          "te",
          "trailer",
          "expect",
          "range",
          "via");

  private OriginReader() {}

  static Limits limits(Value value) {
    Block block =
        value
            .block("a block of requests-per-second, in-flight, ipv4-bits, ipv6-bits")
            .onlyKeys("requests-per-second", "in-flight", "ipv4-bits", "ipv6-bits");
    Limits limits =
        new Limits(
            value.where(),
            number(block.get("requests-per-second"), 1_000_000, 0),
            number(block.get("in-flight"), 1_000_000, 0),
            number(block.get("ipv4-bits"), 32, IPV4_BITS),
            number(block.get("ipv6-bits"), 128, IPV6_BITS));
    if (limits.requestsPerSecond() == 0 && limits.inFlight() == 0) {
      throw block.bad("requests-per-second or in-flight");
    }
    return limits;
  }

  static OriginLimits originLimits(Value value) {
    Block block =
        value
            .block("a block of requests-per-second, in-flight")
            .onlyKeys("requests-per-second", "in-flight");
    OriginLimits limits =
        new OriginLimits(
            value.where(),
            number(block.get("requests-per-second"), 1_000_000, 0),
            number(block.get("in-flight"), 1_000_000, 0));
    if (limits.requestsPerSecond() == 0 && limits.inFlight() == 0) {
      throw block.bad("requests-per-second or in-flight");
    }
    return limits;
  }

  /** An address of this machine, whether it has it or not: that changes while a node runs. */
  static InetAddress localAddress(Value value) {
    return value.as(
        "an address as 192.0.2.1",
        text -> {
          if (text.indexOf('/') >= 0) {
            throw new IllegalArgumentException("one, not a network");
          }
          return AddressBlock.parse(text).network();
        });
  }

  /** {@code on}, {@code off}, or how many at most. */
  static Integer redirects(Value value) {
    return Character.isDigit(value.word().charAt(0))
        ? Integer.valueOf((int) value.number(0, 20))
        : Integer.valueOf(value.flag() ? REDIRECTS : 0);
  }

  /** {@code off}, or what differs from the settings. */
  static CircuitRule circuit(Value value) {
    if (!value.isBlock()) {
      if (value.flag()) {
        throw value.bad("off, or a block of failures, window, open");
      }
      return CircuitRule.OFF;
    }
    Block block =
        value
            .block("off, or a block of failures, window, open")
            .onlyKeys("failures", "window", "open");
    Value window = block.get("window");
    Value open = block.get("open");
    CircuitRule rule =
        new CircuitRule(
            number(block.get("failures"), 1_000_000, CircuitRule.AS_SET),
            window == null ? CircuitRule.AS_SET : window.millis(),
            open == null ? CircuitRule.AS_SET : open.millis());
    if (open != null && (rule.openMillis() == 0 || rule.openMillis() > MAX_OPEN_MILLIS)) {
      throw open.bad("a duration above 0, up to an hour");
    }
    return rule;
  }

  private static int number(@Nullable Value value, int most, int otherwise) {
    return value == null ? otherwise : (int) value.number(1, most);
  }

  /** A secret is named, never written: by a variable of the environment, a file or a command. */
  static Credentials credentials(Value value) {
    Block block =
        value
            .block("a block as { bearer = \"file:/path\" } or { basic = \"env:NAME\" }")
            .onlyKeys("bearer", "basic", "header", "value", "keep");
    long keepMillis = keepMillis(block);
    Value bearer = block.get("bearer");
    Value basic = block.get("basic");
    Value header = block.get("header");
    if (header != null && bearer == null && basic == null) {
      return custom(header, block.need("value", "a reference to what the field says"), keepMillis);
    }
    if (block.get("value") != null) {
      throw block.bad("value beside header, which names the field");
    }
    if (bearer != null && basic == null) {
      return new Credentials(bearer.text(), "Bearer " + secret(bearer, keepMillis));
    }
    if (basic != null && bearer == null) {
      String pair = secret(basic, keepMillis);
      if (pair.indexOf(':') < 1) {
        throw basic.bad("a reference to a text as user:password");
      }
      byte[] bytes = pair.getBytes(StandardCharsets.UTF_8);
      return new Credentials(basic.text(), "Basic " + Base64.getEncoder().encodeToString(bytes));
    }
    throw block.bad("one of bearer, basic, and header with value");
  }

  private static Credentials custom(Value header, Value value, long keepMillis) {
    String field = header.word();
    boolean ours = UNFIT.contains(field.toLowerCase(Locale.ROOT));
    if (ours || !field.matches("[A-Za-z0-9!#$%&'*+.^_`|~-]+")) {
      throw header.bad("the name of a field that speaks to the origin, as X-Api-Key");
    }
    return new Credentials(value.text(), field, secret(value, keepMillis));
  }

  private static long keepMillis(Block block) {
    Value keep = block.get("keep");
    long millis = keep == null ? KEEP_MILLIS : keep.millis();
    if (keep != null && (millis < LEAST_KEEP_MILLIS || millis > MAX_KEEP_MILLIS)) {
      throw keep.bad("from 1s to 24h: for how long what a command told is good");
    }
    return millis;
  }

  private static String secret(Value value, long keepMillis) {
    String reference = value.word();
    String secret = null;
    if (reference.startsWith("env:")) {
      secret = System.getenv(reference.substring(4));
    } else if (reference.startsWith("file:")) {
      try {
        secret = Files.readString(Path.of(reference.substring(5))).strip();
      } catch (IOException unreadable) {
        throw value.bad(
            "a readable file behind file: (" + unreadable.getClass().getSimpleName() + ")");
      }
    } else if (SecretCommands.isCommand(reference)) {
      try {
        secret = SecretCommands.told(reference, keepMillis, value.limits().command());
      } catch (IOException failed) {
        throw new RuleFileException(
            "%s: %s: the command failed: %s"
                .formatted(
                    Value.place(value.config().origin()), value.where(), failed.getMessage()));
      }
    } else {
      // What stands there may be the secret: it is not repeated.
      throw new RuleFileException(
          "%s: %s: expected env:NAME, file:/path or command:PROGRAM, not the secret itself"
              .formatted(Value.place(value.config().origin()), value.where()));
    }
    if (secret == null || secret.isEmpty() || secret.chars().anyMatch(c -> c < ' ' || c > '~')) {
      throw value.bad("a reference to one line of printable ASCII");
    }
    return secret;
  }
}
