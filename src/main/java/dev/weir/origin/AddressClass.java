package dev.weir.origin;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What kind of place an address is, as far as a proxy that lends its own position in the network
 * must care. The registries are RFC 6890 (special-purpose blocks) and the providers' documents for
 * metadata services; an IPv6 address that carries an IPv4 one is judged as that one.
 */
public enum AddressClass {
  LOOPBACK("loopback", true, true),
  UNSPECIFIED("unspecified", true, false),
  METADATA("cloud metadata", true, true),
  LINK_LOCAL("link-local", true, true),
  MULTICAST("multicast", true, false),
  RESERVED("reserved", true, false),
  PRIVATE("private", false, true),
  PUBLIC("public", false, false);

  private final String label;
  private final boolean refused;
  private final boolean local;

  AddressClass(String label, boolean refused, boolean local) {
    this.label = label;
    this.refused = refused;
    this.local = local;
  }

  /** The text of messages and metrics. */
  public String label() {
    return label;
  }

  /** Whether the forward proxy goes there only when told to. */
  public boolean refusedByDefault() {
    return refused;
  }

  /** Whether the client itself could reach its own such place, so that NO_PROXY is the answer. */
  public boolean clientsOwn() {
    return local && refused;
  }

  private record Block(Cidr cidr, AddressClass kind) {}

  private static Block block(String cidr, AddressClass kind) {
    return new Block(Cidr.parse(cidr), kind);
  }

  /** The first block that holds an address decides. */
  private static final List<Block> BLOCKS =
      List.of(
          block("127.0.0.0/8", LOOPBACK),
          block("0.0.0.0/8", UNSPECIFIED),
          block("169.254.0.0/16", LINK_LOCAL),
          block("100.100.100.200", METADATA),
          block("168.63.129.16", METADATA),
          block("192.0.0.192", METADATA),
          block("192.0.0.0/24", RESERVED),
          block("10.0.0.0/8", PRIVATE),
          block("172.16.0.0/12", PRIVATE),
          block("192.168.0.0/16", PRIVATE),
          block("100.64.0.0/10", PRIVATE),
          block("198.18.0.0/15", PRIVATE),
          block("224.0.0.0/4", MULTICAST),
          block("240.0.0.0/4", RESERVED),
          block("::1", LOOPBACK),
          block("::", UNSPECIFIED),
          block("fd00:ec2::254", METADATA),
          block("fd20:ce::254", METADATA),
          block("fe80::/10", LINK_LOCAL),
          block("fec0::/10", PRIVATE),
          block("fc00::/7", PRIVATE),
          block("ff00::/8", MULTICAST),
          block("100::/64", RESERVED),
          block("64:ff9b:1::/48", RESERVED),
          block("2001::/32", RESERVED));

  /** Prefixes whose addresses carry an IPv4 address, and the byte where it begins. */
  private record Carrier(Cidr cidr, int at) {}

  private static final List<Carrier> CARRIERS =
      List.of(
          new Carrier(Cidr.parse("64:ff9b::/96"), 12), // NAT64, RFC 6052
          new Carrier(Cidr.parse("2002::/16"), 2), // 6to4, RFC 3056
          new Carrier(Cidr.parse("::ffff:0:0:0/96"), 12), // SIIT, RFC 2765
          new Carrier(Cidr.parse("::/96"), 12)); // IPv4-compatible, RFC 4291 2.5.5.1

  /** The class of an address. An IPv4-mapped one is an IPv4 address to the JDK already. */
  public static AddressClass of(InetAddress address) {
    for (Block block : BLOCKS) {
      if (block.cidr.contains(address)) {
        return block.kind;
      }
    }
    InetAddress inside = carriedBy(address);
    return inside == null ? PUBLIC : of(inside);
  }

  /** The IPv4 address that an IPv6 one stands for, or null. */
  static @Nullable InetAddress carriedBy(InetAddress address) {
    for (Carrier carrier : CARRIERS) {
      if (carrier.cidr.contains(address)) {
        return carried(address, carrier.at);
      }
    }
    return null;
  }

  private static InetAddress carried(InetAddress address, int at) {
    try {
      return InetAddress.getByAddress(Arrays.copyOfRange(address.getAddress(), at, at + 4));
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }
}
