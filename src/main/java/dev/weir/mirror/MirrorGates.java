package dev.weir.mirror;

import dev.weir.origin.EgressGate;
import dev.weir.origin.EgressGates;
import dev.weir.origin.EgressRules;
import dev.weir.policy.Mount;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Who judges where requests may go that come by a mirror: public places only, and for requests of a
 * mount also its own origins, wherever they are, for the operator has named them. A mount's
 * requests are not bound to the mirror's hosts and ports: an index may send to any public one.
 */
public final class MirrorGates implements EgressGates {
  /**
   * What the name of a gate ends with that allows private addresses (rule {@code mirror-private}).
   */
  private static final String PRIVATE = "+private";

  static final String MIRROR = "mirror";

  private final EgressGate proxy;
  private final Function<EgressRules, EgressGate> gateOf;
  private final Supplier<List<Mount>> mounts;
  private final EgressRules forMounts;
  private final EgressGate mirror;
  private final EgressGate mirrorPrivate;
  private volatile OfMounts ofMounts;

  private record OfMounts(List<Mount> mounts, Map<String, EgressGate> gates) {}

  /**
   * @param proxy judges what comes by the forward proxy
   * @param gateOf makes a gate of rules
   * @param denied destinations refused everywhere, as {@code --deny-destinations} takes them
   * @param mounts as they are now; the same list as long as nothing changes
   */
  public MirrorGates(
      EgressGate proxy,
      Function<EgressRules, EgressGate> gateOf,
      MirrorSettings settings,
      String denied,
      Supplier<List<Mount>> mounts) {
    this.proxy = proxy;
    this.gateOf = gateOf;
    this.mounts = mounts;
    String allowed = settings.allowDestinations();
    EgressRules rules =
        EgressRules.mirror(
            denied, allowed, settings.servesHosts() ? settings.hosts() : "", settings.ports());
    this.forMounts = EgressRules.mirror(denied, allowed, "", Set.of());
    this.mirror = gateOf.apply(rules);
    this.mirrorPrivate = gateOf.apply(rules.withPrivate());
    this.ofMounts = of(mounts.get());
  }

  /** The name of the gate for a mount's requests. */
  static String nameOf(Mount mount) {
    return "mount " + mount.name();
  }

  private OfMounts of(List<Mount> now) {
    Map<String, EgressGate> gates = new HashMap<>();
    for (Mount mount : now) {
      String own =
          String.join(",", mount.origins().stream().map(Mount.Origin::destination).toList());
      gates.put(nameOf(mount), gateOf.apply(forMounts.alsoExactly(own)));
    }
    return new OfMounts(now, Map.copyOf(gates));
  }

  @Override
  public EgressGate of(String name) {
    return switch (name) {
      case "" -> proxy;
      case MIRROR -> mirror;
      case MIRROR + PRIVATE -> mirrorPrivate;
      default -> ofMount(name);
    };
  }

  private EgressGate ofMount(String name) {
    OfMounts known = ofMounts;
    List<Mount> now = mounts.get();
    if (!known.mounts().equals(now)) {
      known = of(now);
      ofMounts = known;
    }
    boolean isPrivate = name.endsWith(PRIVATE);
    String mount = isPrivate ? name.substring(0, name.length() - PRIVATE.length()) : name;
    // A request outlives the mount that it came by: then it may go where a mirror's may.
    return known.gates().getOrDefault(mount, mirror);
  }
}
