package dev.weir.origin;

import com.typesafe.config.Config;
import dev.weir.http.Authority;
import dev.weir.wire.Authorities;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A proxy that connections to origins go through, opened by CONNECT (RFC 9110 9.3.6), for http as
 * for https. Names are looked up there, and addresses judged there: the egress gate judges names
 * and address literals before.
 *
 * @param authority where it is; the operator has named it, so it may be anywhere
 * @param authorization the value of Proxy-Authorization, or empty
 * @param except destinations that are reached without it
 */
public record ParentProxy(Authority authority, String authorization, List<DestinationRule> except) {
  private static final Pattern URL =
      Pattern.compile("http://([^/?#@\\s]+)/?", Pattern.CASE_INSENSITIVE);

  public ParentProxy {
    except = List.copyOf(except);
  }

  /**
   * Reads the block {@code weir.origin.egress-proxy}; null where there is none.
   *
   * @throws IllegalArgumentException in one sentence, for what cannot be used
   */
  static @Nullable ParentProxy from(Config block) {
    String url = block.getString("url").strip();
    if (url.isEmpty()) {
      return null;
    }
    if (url.indexOf('@') >= 0) {
      throw new IllegalArgumentException(
          "--egress-proxy must not hold a user or password; give them by"
              + " --egress-proxy-credentials=file:PATH");
    }
    Matcher parts = URL.matcher(url);
    Authority authority = parts.matches() ? Authorities.parse(parts.group(1), 80) : null;
    if (authority == null) {
      throw new IllegalArgumentException(
          "--egress-proxy is no URL of a proxy, as http://proxy.example:4750");
    }
    return new ParentProxy(
        authority,
        authorization(block.getString("credentials").strip()),
        DestinationRule.parseList(block.getString("except")));
  }

  private static String authorization(String reference) {
    if (reference.isEmpty()) {
      return "";
    }
    String pair = reference;
    if (reference.startsWith("file:")) {
      try {
        pair = Files.readString(Path.of(reference.substring("file:".length()))).strip();
      } catch (IOException unreadable) {
        throw new IllegalArgumentException(
            "--egress-proxy-credentials: cannot read the file ("
                + unreadable.getClass().getSimpleName()
                + ")",
            unreadable);
      }
    }
    if (pair.indexOf(':') < 1 || !pair.chars().allMatch(c -> c >= ' ' && c <= '~')) {
      throw new IllegalArgumentException(
          "--egress-proxy-credentials is not one line as user:password");
    }
    return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.US_ASCII));
  }

  /** Whether connections to that destination go through it. */
  boolean carries(Authority destination) {
    return switch (HostForm.of(destination.host())) {
      case HostForm.Literal(InetAddress address) ->
          except.stream().noneMatch(rule -> rule.matchesAddress(address, destination.port()));
      case HostForm.Name(String name) ->
          except.stream().noneMatch(rule -> rule.matchesName(name, destination.port()));
      case HostForm.Malformed ignored -> true;
    };
  }

  /** The request that opens a connection to that destination. */
  byte[] connect(Authority destination) {
    String host = destination.host();
    String target =
        (host.indexOf(':') >= 0 ? "[" + host + "]" : host.toLowerCase(Locale.ROOT))
            + ":"
            + destination.port();
    String head = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
    if (!authorization.isEmpty()) {
      head += "Proxy-Authorization: " + authorization + "\r\n";
    }
    return (head + "\r\n").getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public String toString() {
    return "http://" + authority.text("http");
  }
}
