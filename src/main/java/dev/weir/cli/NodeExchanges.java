package dev.weir.cli;

import com.typesafe.config.Config;
import dev.weir.cache.NodeCache;
import dev.weir.edge.ExchangeHandler;
import dev.weir.exchange.ExchangeSettings;
import dev.weir.exchange.Exchanges;
import dev.weir.mirror.Mirror;
import dev.weir.mirror.MirrorSettings;
import dev.weir.mirror.RegistryRoom;
import dev.weir.mirror.links.LinkSettings;
import dev.weir.mirror.links.LinkedDocuments;
import dev.weir.onboard.OnboardResponse;
import dev.weir.onboard.OnboardSettings;
import dev.weir.onboard.Onboarding;
import dev.weir.origin.PekkoOrigins;
import dev.weir.tls.CertificateAuthority;
import java.time.Clock;
import java.util.Map;
import org.apache.pekko.util.ByteString;

/** Wires what answers requests: exchanges, the pages of our own hosts, and mirrors. */
final class NodeExchanges {
  private NodeExchanges() {}

  /**
   * @param listening what the main port is
   * @param ca named on our own pages
   */
  static Exchanges open(
      NodeBase base,
      DataPlane data,
      PekkoOrigins origins,
      NodeCache cache,
      Listening listening,
      CertificateAuthority ca) {
    Config rooms = base.settings().rooms();
    Exchanges exchanges =
        new Exchanges(
            base.rules(),
            listening::seenByRules,
            cache,
            data.stores().bodies(),
            origins,
            listening.isProxy() ? pages(rooms, ca) : (request, connection) -> null,
            ExchangeSettings.from(rooms.getConfig("exchange")),
            Clock.systemUTC(),
            base.log(),
            data.storage().whole(data),
            base.filters().filters(),
            data.streams());
    origins.stepsOfOthers(exchanges::stepsOfOthers);
    return exchanges;
  }

  private static Exchanges.Onboarding pages(Config rooms, CertificateAuthority ca) {
    Onboarding onboarding = new Onboarding(ca, OnboardSettings.from(rooms.getConfig("onboard")));
    return (request, connection) ->
        onboarding
            .answer(request, connection.local())
            .map(made -> made.thenApply(NodeExchanges::page))
            .orElse(null);
  }

  private static Exchanges.Page page(OnboardResponse made) {
    return new Exchanges.Page(
        made.head().status(), made.head().headers(), ByteString.fromArrayUnsafe(made.body()));
  }

  /** What answers where a listener is a mirror. */
  static ExchangeHandler mirror(NodeBase base, DataPlane data, Exchanges exchanges) {
    MirrorSettings settings = base.settings().mirror();
    return new Mirror(
        settings,
        base.rules()::mounts,
        exchanges::through,
        new LinkedDocuments(
            LinkSettings.from(base.settings().rooms().getConfig("mirror.links")),
            settings.servesHosts(),
            base.rules()::mounts,
            data.system().dispatchers().lookup("pekko.actor.default-blocking-io-dispatcher"),
            data.streams()),
        Map.of(RegistryRoom.NAME, new RegistryRoom(data.streams())),
        base.log(),
        data.streams());
  }
}
