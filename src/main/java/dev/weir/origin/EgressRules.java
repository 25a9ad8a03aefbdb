package dev.weir.origin;

import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where the forward proxy may go: a pure function of (name, address, port). The first that speaks
 * decides: our own listeners (never allowed, a loop), {@code deny}, {@code exactly}, {@code allow},
 * the built-in refusals, and then yes. Name rules count for every address of the name: whoever
 * allows a name trusts who answers for it; a denied address stays denied under an allowed name.
 *
 * @param exactly host and port of our own object store, allowed wherever it is, but under the very
 *     name or address that is listed: another name for its address is judged as any
 * @param privateAllowed whether RFC 1918, RFC 6598 and RFC 4193 addresses are allowed when no rule
 *     speaks of them
 */
public record EgressRules(
    List<DestinationRule> deny,
    List<DestinationRule> exactly,
    List<DestinationRule> allow,
    boolean privateAllowed) {
  private static final String NO_PROXY_HINT =
      "Clients reach it themselves when NO_PROXY lists it; --allow-destinations lets the proxy in.";
  private static final String ALLOW_HINT = "--allow-destinations permits it.";
  private static final Set<String> METADATA_NAMES =
      Set.of(
          "metadata",
          "metadata.google.internal",
          "metadata.goog",
          "metadata.azure.internal",
          "metadata.tencentyun.com",
          "instance-data",
          "instance-data.ec2.internal");

  /** The rules of a forward proxy, from the two lists as written. */
  public static EgressRules forwardProxy(String denyList, String allowList) {
    return forwardProxy(denyList, "", allowList);
  }

  /** The same with destinations that are allowed under the listed name alone. */
  public static EgressRules forwardProxy(String denyList, String exactly, String allowList) {
    return new EgressRules(
        DestinationRule.parseList(denyList),
        DestinationRule.parseList(exactly),
        DestinationRule.parseList(allowList),
        true);
  }

  /** What can be said of a name before it is looked up, or null. */
  EgressVerdict.@Nullable Refused judgeName(String name, int port) {
    for (DestinationRule rule : deny) {
      if (rule.matchesName(name, port)) {
        return denied(rule);
      }
    }
    if (allowsExactly(name, null, port) || allowsName(name, port)) {
      return null;
    }
    return METADATA_NAMES.contains(name)
        ? builtIn("name of a " + AddressClass.METADATA.label() + " service", true)
        : null;
  }

  /**
   * Whether an address may be dialled, or null for yes.
   *
   * @param name the name it was found under, or null for an address given as such
   */
  EgressVerdict.@Nullable Refused judgeAddress(
      @Nullable String name, InetAddress address, int port) {
    for (DestinationRule rule : deny) {
      if (rule.matchesAddress(address, port) || (name != null && rule.matchesName(name, port))) {
        return denied(rule);
      }
    }
    if (allowsExactly(name, address, port) || (name != null && allowsName(name, port))) {
      return null;
    }
    for (DestinationRule rule : allow) {
      if (rule.matchesAddress(address, port)) {
        return null;
      }
    }
    AddressClass kind = AddressClass.of(address);
    if (kind.refusedByDefault()) {
      return builtIn(kind.label() + " address", kind.clientsOwn());
    }
    return kind == AddressClass.PRIVATE && !privateAllowed
        ? builtIn(kind.label() + " address", false)
        : null;
  }

  private boolean allowsExactly(@Nullable String name, @Nullable InetAddress address, int port) {
    for (DestinationRule rule : exactly) {
      boolean same =
          name != null
              ? rule.matchesName(name, port)
              : address != null && rule.matchesAddress(address, port);
      if (same) {
        return true;
      }
    }
    return false;
  }

  private boolean allowsName(String name, int port) {
    for (DestinationRule rule : allow) {
      if (rule.matchesName(name, port)) {
        return true;
      }
    }
    return false;
  }

  private static EgressVerdict.Refused denied(DestinationRule rule) {
    return new EgressVerdict.Refused(false, "--deny-destinations has " + rule.text(), "");
  }

  private static EgressVerdict.Refused builtIn(String what, boolean noProxy) {
    return new EgressVerdict.Refused(
        false, "built-in rule, " + what, noProxy ? NO_PROXY_HINT : ALLOW_HINT);
  }
}
