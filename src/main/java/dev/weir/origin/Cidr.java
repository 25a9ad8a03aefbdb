package dev.weir.origin;

import java.net.InetAddress;
import java.util.Arrays;

/**
 * A block of addresses (RFC 4632, RFC 4291 2.3): the first {@code bits} bits of {@code network}.
 */
record Cidr(InetAddress network, int bits) {
  Cidr {
    if (bits < 0 || bits > network.getAddress().length * 8) {
      throw new IllegalArgumentException("not a prefix length: " + bits);
    }
  }

  /** Reads {@code 10.0.0.0/8} or a single address; fails with IllegalArgumentException. */
  static Cidr parse(String text) {
    int slash = text.indexOf('/');
    String host = slash < 0 ? text : text.substring(0, slash);
    if (!(HostForm.of(host) instanceof HostForm.Literal(InetAddress address))) {
      throw new IllegalArgumentException("not an address: " + host);
    }
    int all = address.getAddress().length * 8;
    try {
      return new Cidr(address, slash < 0 ? all : Integer.parseInt(text.substring(slash + 1)));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not a prefix length: " + text, e);
    }
  }

  boolean contains(InetAddress address) {
    byte[] ours = network.getAddress();
    byte[] theirs = address.getAddress();
    if (ours.length != theirs.length) {
      return false;
    }
    int whole = bits / 8;
    if (!Arrays.equals(ours, 0, whole, theirs, 0, whole)) {
      return false;
    }
    int rest = bits % 8;
    return rest == 0 || ((ours[whole] ^ theirs[whole]) & 0xFF) >> (8 - rest) == 0;
  }
}
