package dev.weir.cli;

import com.typesafe.config.Config;
import dev.weir.store.elastic.ElasticSettings;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/** Where clients may not go through a node: its own servers, besides what its operator denies. */
final class OwnServers {
  private final ServeSettings settings;
  private final Config rooms;

  OwnServers(ServeSettings settings) {
    this.settings = settings;
    this.rooms = settings.config().getConfig("weir");
  }

  /**
   * Clients have no business with the servers of the metadata, which may ask nobody for a password.
   * An object store does, and some clients have business of their own there: {@link #objectStore}.
   */
  String denied() {
    List<String> all = new ArrayList<>(settings.denyDestinations());
    Config elastic = rooms.getConfig("store.elasticsearch");
    if (ElasticSettings.isConfigured(elastic)) {
      URI url = ElasticSettings.from(elastic).url();
      int port = url.getPort() >= 0 ? url.getPort() : url.getScheme().equals("https") ? 443 : 80;
      all.add(url.getHost() + ":" + port);
    }
    return String.join(",", all);
  }

  /** Nothing asks our object store in the name of a mirror's clients. */
  String deniedToMirrors() {
    String endpoint = rooms.getString("store.s3.endpoint");
    return endpoint.isEmpty() ? denied() : denied() + "," + OwnStoreNames.destination(endpoint);
  }

  /** Clients may go to our object store as themselves, wherever it is; empty if there is none. */
  String objectStore() {
    String endpoint = rooms.getString("store.s3.endpoint");
    boolean used = !rooms.getString("store.s3.bucket").isEmpty() && !endpoint.isEmpty();
    return used ? OwnStoreNames.destination(endpoint) : "";
  }
}
