package dev.weir.policy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/**
 * A block of addresses in CIDR notation (RFC 4632, RFC 4291 2.3): the first {@code bits} bits of
 * {@code network}.
 */
public record AddressBlock(InetAddress network, int bits) {
  public AddressBlock {
    if (bits < 0 || bits > network.getAddress().length * 8) {
      throw new IllegalArgumentException("not a prefix length: " + bits);
    }
  }

  /**
   * Reads {@code 10.0.0.0/8}, {@code fd00::/8} or a single address; names are never resolved.
   *
   * @throws IllegalArgumentException for text that is none
   */
  public static AddressBlock parse(String text) {
    int slash = text.indexOf('/');
    String host = slash < 0 ? text : text.substring(0, slash);
    if (host.indexOf(':') < 0 && !host.matches("[0-9]+(\\.[0-9]+){3}")) {
      throw new IllegalArgumentException("not a network: " + text);
    }
    try {
      InetAddress address = InetAddress.getByName(host);
      int all = address.getAddress().length * 8;
      return new AddressBlock(
          address, slash < 0 ? all : Integer.parseInt(text.substring(slash + 1)));
    } catch (UnknownHostException | NumberFormatException malformed) {
      throw new IllegalArgumentException("not a network: " + text, malformed);
    }
  }

  /** The block of that many bits (fewer where the address has fewer) around an address. */
  public static AddressBlock around(InetAddress address, int bits) {
    byte[] octets = address.getAddress();
    int kept = Math.min(bits, octets.length * 8);
    for (int i = 0; i < octets.length; i++) {
      int left = Math.clamp(kept - i * 8L, 0, 8);
      octets[i] &= (byte) (0xff << (8 - left));
    }
    try {
      return new AddressBlock(InetAddress.getByAddress(octets), kept);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address keeps its length", e);
    }
  }

  public boolean contains(InetAddress address) {
    byte[] ours = network.getAddress();
    byte[] theirs = address.getAddress();
    int whole = bits / 8;
    if (ours.length != theirs.length || !Arrays.equals(ours, 0, whole, theirs, 0, whole)) {
      return false;
    }
    int rest = bits % 8;
    return rest == 0 || ((ours[whole] ^ theirs[whole]) & 0xff) >> (8 - rest) == 0;
  }

  @Override
  public String toString() {
    return network.getHostAddress() + "/" + bits;
  }
}
