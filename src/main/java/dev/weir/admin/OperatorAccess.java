package dev.weir.admin;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Who may operate a node and look into it: programs on its own machine, and whoever shows the
 * fleet's secret.
 *
 * <p>A browser on that machine is none of these by its address alone: pages from anywhere have it
 * send requests here. It names the page in {@code Origin} with whatever could change something, and
 * a name that was made to point here ({@code Host}) is not one of this machine's.
 */
final class OperatorAccess {
  private static final String BEARER = "Bearer ";

  private final String token;

  /**
   * @param token the fleet's secret; empty for none
   */
  OperatorAccess(String token) {
    this.token = token;
  }

  /**
   * What a request says of its sender.
   *
   * @param loopback whether it comes from this machine
   * @param host the field's value without its port; empty where a balancer's probe sent none
   */
  record Sender(
      boolean loopback, String host, @Nullable String origin, @Nullable String authorization) {
    /** A program of this machine that meant this port. */
    boolean isOwnMachine() {
      return loopback && origin == null && isOwnName(host);
    }
  }

  boolean allows(Sender sender) {
    return sender.isOwnMachine() || showsToken(sender.authorization());
  }

  private boolean showsToken(@Nullable String authorization) {
    return authorization != null
        && !token.isEmpty()
        && MessageDigest.isEqual(
            (BEARER + token).getBytes(StandardCharsets.UTF_8),
            authorization.strip().getBytes(StandardCharsets.UTF_8));
  }

  /**
   * An address, or a name that no server of names can give to this machine. The proxy's own names
   * are none of these: where a browser asks without the proxy, its network says where they lead.
   */
  private static boolean isOwnName(String host) {
    String name = host.toLowerCase(Locale.ROOT);
    return name.isEmpty()
        || name.equals("localhost")
        || name.matches("[0-9.]+")
        || name.contains(":");
  }
}
