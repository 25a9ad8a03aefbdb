package dev.weir.origin;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where requests of a listener may go: a pure function of (name, address, port). The first that
 * speaks decides: our own listeners (never allowed, a loop), {@code deny}, {@code exactly}, {@code
 * allow}, {@code only} and {@code ports}, the built-in refusals, and then yes. Name rules count for
 * every address of the name: whoever allows a name trusts who answers for it; a denied address
 * stays denied under an allowed name.
 *
 * @param exactly host and port of our own object store, allowed wherever it is, but under the very
 *     name or address that is listed: another name for its address is judged as any
 * @param only where requests may go at all, wherever {@code allow} does not speak; empty for
 *     everywhere
 * @param ports to which they may go then; empty for every port
 * @param privateAllowed whether RFC 1918, RFC 6598 and RFC 4193 addresses are allowed when no rule
 *     speaks of them
 * @param mirror whether they are a mirror's, for messages
 */
public record EgressRules(
    List<DestinationRule> deny,
    List<DestinationRule> exactly,
    List<DestinationRule> allow,
    List<DestinationRule> only,
    Set<Integer> ports,
    boolean privateAllowed,
    boolean mirror) {
  public EgressRules {
    deny = List.copyOf(deny);
    exactly = List.copyOf(exactly);
    allow = List.copyOf(allow);
    only = List.copyOf(only);
    ports = Set.copyOf(ports);
  }

  private static final String NO_PROXY_HINT =
      "Clients reach it themselves when NO_PROXY lists it; --allow-destinations lets the proxy in.";
  private static final String ALLOW_HINT = "--allow-destinations permits it.";
  private static final String MIRROR_HINT = "--mirror-allow-destinations permits it.";
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
        List.of(),
        Set.of(),
        true,
        false);
  }

  /**
   * The rules of a mirror, whose clients name hosts in URLs: it refuses all that is not public.
   *
   * @param onlyList where it may go at all; empty for every public place
   * @param ports to which it may go, where no list has the port; empty for all
   */
  public static EgressRules mirror(
      String denyList, String allowList, String onlyList, Set<Integer> ports) {
    return new EgressRules(
        DestinationRule.parseList(denyList),
        List.of(),
        DestinationRule.parseList(allowList),
        DestinationRule.parseList(onlyList),
        ports,
        false,
        true);
  }

  /** The same with destinations that are allowed under the listed name alone. */
  public EgressRules alsoExactly(String list) {
    List<DestinationRule> more = new ArrayList<>(exactly);
    more.addAll(DestinationRule.parseList(list));
    return new EgressRules(deny, more, allow, only, ports, privateAllowed, mirror);
  }

  /** The same with private addresses allowed, but none that are refused to a forward proxy too. */
  public EgressRules withPrivate() {
    return new EgressRules(deny, exactly, allow, only, ports, true, mirror);
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
    EgressVerdict.Refused elsewhere = judgeLists(name, null, port);
    if (elsewhere != null && blocks(only).isEmpty() && blocks(allow).isEmpty()) {
      return elsewhere;
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
    // Translators and relays lead to the address inside: it must not be denied either.
    InetAddress inside = AddressClass.carriedBy(address);
    for (DestinationRule rule : deny) {
      if (rule.matchesAddress(address, port)
          || (inside != null && rule.matchesAddress(inside, port))
          || (name != null && rule.matchesName(name, port))) {
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
    EgressVerdict.Refused elsewhere = judgeLists(name, address, port);
    if (elsewhere != null) {
      return elsewhere;
    }
    AddressClass kind = AddressClass.of(address);
    if (kind.refusedByDefault()) {
      return builtIn(kind.label() + " address", kind.clientsOwn());
    }
    return kind == AddressClass.PRIVATE && !privateAllowed
        ? builtIn(kind.label() + " address", false)
        : null;
  }

  private static List<DestinationRule> blocks(List<DestinationRule> rules) {
    return rules.stream().filter(DestinationRule.Block.class::isInstance).toList();
  }

  /** What the lists of all that is served say; a port that one of them has may be gone to. */
  private EgressVerdict.@Nullable Refused judgeLists(
      @Nullable String name, @Nullable InetAddress address, int port) {
    boolean listed = false;
    for (DestinationRule rule : only) {
      boolean matches =
          (name != null && rule.matchesName(name, port))
              || (address != null && rule.matchesAddress(address, port));
      if (matches && rule.port() != DestinationRule.ANY_PORT) {
        return null;
      }
      listed |= matches;
    }
    if (!only.isEmpty() && !listed) {
      return new EgressVerdict.Refused(false, "it is not among those served", "");
    }
    return ports.isEmpty() || ports.contains(port)
        ? null
        : new EgressVerdict.Refused(false, "port " + port + " is not among those served", "");
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

  private EgressVerdict.Refused builtIn(String what, boolean noProxy) {
    return new EgressVerdict.Refused(
        false,
        "built-in rule, " + what,
        mirror ? MIRROR_HINT : noProxy ? NO_PROXY_HINT : ALLOW_HINT);
  }
}
