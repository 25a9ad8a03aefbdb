package dev.weir.edge;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/** A set of IP networks in CIDR notation (RFC 4632, RFC 4291 2.3); immutable. */
public final class AddressRanges {
  private static final class Range {
    private final byte[] network;
    private final int prefixBits;

    Range(byte[] network, int prefixBits) {
      this.network = network;
      this.prefixBits = prefixBits;
    }

    boolean contains(byte[] address) {
      if (address.length != network.length) {
        return false;
      }
      int whole = prefixBits / 8;
      for (int i = 0; i < whole; i++) {
        if (address[i] != network[i]) {
          return false;
        }
      }
      int rest = prefixBits % 8;
      int mask = 0xff << (8 - rest);
      return rest == 0 || (address[whole] & mask) == (network[whole] & mask);
    }
  }

  private final List<Range> ranges;

  private AddressRanges(List<Range> ranges) {
    this.ranges = ranges;
  }

  /**
   * Reads networks such as {@code 10.0.0.0/8}, {@code fd00::/8} or single addresses.
   *
   * @throws IllegalArgumentException for text that is none; names are never resolved
   */
  public static AddressRanges of(List<String> texts) {
    return new AddressRanges(texts.stream().map(AddressRanges::parse).toList());
  }

  /** An IPv4-mapped IPv6 address counts as the IPv4 address in it. */
  public boolean contains(InetAddress address) {
    byte[] bytes = address.getAddress();
    for (Range range : ranges) {
      if (range.contains(bytes)) {
        return true;
      }
    }
    return false;
  }

  private static Range parse(String text) {
    int slash = text.indexOf('/');
    String host = slash < 0 ? text : text.substring(0, slash);
    boolean literal = host.indexOf(':') >= 0 || host.matches("[0-9]+(\\.[0-9]+){3}");
    if (!literal) {
      throw new IllegalArgumentException("not a network: " + text);
    }
    try {
      byte[] network = InetAddress.getByName(host).getAddress();
      int bits = slash < 0 ? network.length * 8 : Integer.parseInt(text.substring(slash + 1));
      if (bits < 0 || bits > network.length * 8) {
        throw new IllegalArgumentException("not a network: " + text);
      }
      return new Range(network, bits);
    } catch (UnknownHostException | NumberFormatException malformed) {
      throw new IllegalArgumentException("not a network: " + text, malformed);
    }
  }
}
