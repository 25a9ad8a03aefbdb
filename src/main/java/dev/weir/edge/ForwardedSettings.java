package dev.weir.edge;

import com.typesafe.config.Config;
import java.util.List;
import java.util.Locale;

/**
 * What becomes of the fields that tell whom a request is from and how it came; blocks {@code
 * weir.edge.forwarded.regular} and {@code .reverse}.
 *
 * @param forwarded of Forwarded (RFC 7239)
 * @param forwardedFor of X-Forwarded-For, and so on
 * @param maxHops how many hops Forwarded and X-Forwarded-For may tell of; the latest are kept
 * @param dropFromUntrusted further fields that only trusted proxies may send
 */
public record ForwardedSettings(
    Action forwarded,
    Action forwardedFor,
    Action forwardedProto,
    Action forwardedHost,
    Action realIp,
    int maxHops,
    List<String> dropFromUntrusted) {

  /** What is done with a field. */
  public enum Action {
    /** Whatever came goes on. */
    PASS,
    /** Written by us: added to what a trusted proxy said, in place of what anybody else did. */
    SET,
    /** What a trusted proxy said goes on; from anybody else it is dropped. */
    TRUSTED,
    /** Always dropped. */
    STRIP
  }

  public ForwardedSettings {
    dropFromUntrusted = List.copyOf(dropFromUntrusted);
    if (maxHops < 1) {
      throw new IllegalArgumentException("weir.edge.forwarded: max-hops must be positive");
    }
  }

  static ForwardedSettings from(Config block) {
    return new ForwardedSettings(
        action(block, "forwarded"),
        action(block, "x-forwarded-for"),
        action(block, "x-forwarded-proto"),
        action(block, "x-forwarded-host"),
        action(block, "x-real-ip"),
        block.getInt("max-hops"),
        block.getStringList("drop-from-untrusted"));
  }

  /** Whether requests go on as they came. */
  boolean changesNothing() {
    return dropFromUntrusted.isEmpty()
        && List.of(forwarded, forwardedFor, forwardedProto, forwardedHost, realIp).stream()
            .allMatch(action -> action == Action.PASS);
  }

  private static Action action(Config block, String key) {
    String value = block.getString(key);
    for (Action action : Action.values()) {
      if (action.name().toLowerCase(Locale.ROOT).equals(value)) {
        return action;
      }
    }
    throw new IllegalArgumentException(
        "%s: expected pass, set, trusted or strip, got '%s'"
            .formatted(block.getValue(key).origin().description() + " " + key, value));
  }
}
