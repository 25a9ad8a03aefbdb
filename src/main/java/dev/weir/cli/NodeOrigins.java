package dev.weir.cli;

import dev.weir.mirror.MirrorGates;
import dev.weir.origin.ClientEngines;
import dev.weir.origin.EgressGate;
import dev.weir.origin.EgressGates;
import dev.weir.origin.EgressRules;
import dev.weir.origin.FixedAddresses;
import dev.weir.origin.OriginSettings;
import dev.weir.origin.ParentProxy;
import dev.weir.origin.PekkoOrigins;
import dev.weir.origin.Resolver;
import dev.weir.origin.SystemResolver;
import dev.weir.tls.UpstreamTrust;
import org.apache.pekko.actor.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wires the way out: names, the gates that judge where requests may go, and the connections. */
final class NodeOrigins {
  private static final Logger LOG = LoggerFactory.getLogger(NodeOrigins.class);

  private NodeOrigins() {}

  static PekkoOrigins open(
      NodeBase base, ActorSystem data, NodeListeners listeners, UpstreamTrust trust) {
    PekkoOrigins origins =
        new PekkoOrigins(
            data,
            base.settings().origin(),
            base.settings().guard(),
            base.metrics().refusals("origin"),
            ClientEngines.of(trust),
            gates(base, listeners),
            System::nanoTime,
            listeners.main().upstream());
    base.metrics().origins(origins);
    return origins;
  }

  private static EgressGates gates(NodeBase base, NodeListeners listeners) {
    OriginSettings settings = base.settings().origin();
    ServeSettings flags = base.settings().flags();
    SystemResolver system = new SystemResolver(settings.names());
    base.closings().add("names", system::close);
    Resolver resolver = FixedAddresses.before(system, flags.hostAddresses());
    ParentProxy parent = settings.egressProxy();
    if (parent != null) {
      LOG.info("origins are asked through {}", parent);
    }
    OwnServers servers = new OwnServers(flags);
    EgressRules rules =
        EgressRules.forwardProxy(
            servers.denied(),
            listeners.main().isProxy() ? servers.objectStore() : "", // never in front of one
            listeners.main().allowedDestinations(flags.allowDestinations()));
    int most = settings.egress().maxAddresses();
    EgressGate gate = new EgressGate(rules, base.own(), resolver, most, parent);
    return listeners.anyMirror()
        ? new MirrorGates(
            gate,
            mirrored -> new EgressGate(mirrored, base.own(), resolver, most, parent),
            base.settings().mirror(),
            servers.deniedToMirrors(),
            base.rules()::mounts)
        : EgressGates.of(gate);
  }
}
