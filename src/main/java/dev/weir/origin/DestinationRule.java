package dev.weir.origin;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;

/**
 * One item of {@code --allow-destinations} or {@code --deny-destinations}: a host, a {@code
 * .suffix} (the name itself and everything below it) or a block of addresses, each for one port or
 * for all. {@code text} is the item as it was written, for messages.
 */
public sealed interface DestinationRule {
  int ANY_PORT = 0;

  String text();

  int port();

  record Host(String text, String name, int port) implements DestinationRule {}

  record Suffix(String text, String dotted, int port) implements DestinationRule {}

  record Block(String text, Cidr cidr, int port) implements DestinationRule {}

  /** Whether the rule is about this name (lower case, no root dot). */
  default boolean matchesName(String name, int atPort) {
    return portMatches(atPort)
        && switch (this) {
          case Host host -> host.name.equals(name);
          case Suffix suffix ->
              name.endsWith(suffix.dotted) || name.equals(suffix.dotted.substring(1));
          case Block block -> false;
        };
  }

  default boolean matchesAddress(InetAddress address, int atPort) {
    return this instanceof Block block && portMatches(atPort) && block.cidr.contains(address);
  }

  private boolean portMatches(int atPort) {
    return port() == ANY_PORT || port() == atPort;
  }

  /** Reads a list separated by commas or blanks; fails with IllegalArgumentException. */
  static List<DestinationRule> parseList(String list) {
    return Arrays.stream(list.split("[,\\s]+"))
        .filter(item -> !item.isEmpty())
        .map(DestinationRule::parse)
        .toList();
  }

  /** Reads {@code host}, {@code .suffix}, an address or a CIDR, each with {@code :port} or not. */
  static DestinationRule parse(String item) {
    String host = item;
    int port = ANY_PORT;
    int colon = item.lastIndexOf(':');
    boolean bare6 = !item.startsWith("[") && item.indexOf(':') != colon;
    if (colon > 0 && !bare6 && colon > item.lastIndexOf(']')) {
      host = item.substring(0, colon);
      port = port(item.substring(colon + 1), item);
    }
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    if (host.indexOf('/') >= 0) {
      return new Block(item, Cidr.parse(host), port);
    }
    boolean suffix = host.startsWith(".");
    return switch (HostForm.of(suffix ? host.substring(1) : host)) {
      case HostForm.Literal literal when !suffix -> new Block(item, Cidr.parse(host), port);
      case HostForm.Name(String name) when suffix -> new Suffix(item, "." + name, port);
      case HostForm.Name(String name) -> new Host(item, name, port);
      case HostForm.Literal literal -> throw new IllegalArgumentException("not a suffix: " + item);
      case HostForm.Malformed(String why) ->
          throw new IllegalArgumentException("not a destination: " + item + " (" + why + ")");
    };
  }

  private static int port(String digits, String item) {
    try {
      int port = Integer.parseInt(digits);
      if (port >= 1 && port <= 65_535) {
        return port;
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not a port: " + item, e);
    }
    throw new IllegalArgumentException("not a port: " + item);
  }
}
