package dev.weir.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Carries the settings that have a flag into the rooms' own blocks, in the form each room reads and
 * with the place they came from. A flag left at its empty default leaves the room's own default.
 */
final class RoomSettings {
  private SettingReader read;
  private Config config;

  private RoomSettings(Config config) {
    this.config = config;
    this.read = new SettingReader(config);
  }

  static Config fill(Config config) {
    RoomSettings rooms = new RoomSettings(config);
    rooms.text("ca", "tls.ca");
    rooms.text("ca-cert", "tls.ca-cert");
    rooms.text("upstream-ca", "tls.upstream-ca");
    rooms.text("public-proxy-url", "onboard.public-proxy-url");
    rooms.list("no-proxy-extra", "onboard.no-proxy-extra");
    rooms.list("pass-through-hosts", "edge.pass-through-hosts");
    rooms.list("allow-clients", "edge.allow-clients");
    rooms.list("trusted-proxies", "edge.trusted-proxies");
    rooms.list("proxy-protocol-from", "edge.proxy-protocol-from");
    rooms.flag("allow-policy-header", "exchange.allow-policy-header");
    rooms.millis("upstream-connect-timeout", "exchange.origin-connect-timeout");
    rooms.millis("upstream-read-timeout", "exchange.origin-read-timeout");
    rooms.put("fill.acceleration.max-connections", "fill-connections", 1, 64);
    rooms.bytes("disk-cache-size", "store.disk-cache-size");
    rooms.elasticsearch();
    rooms.cluster();
    rooms.text("s3-bucket", "store.s3.bucket");
    rooms.text("s3-endpoint", "store.s3.endpoint");
    rooms.text("s3-region", "store.s3.region");
    rooms.text("s3-prefix", "store.s3.prefix");
    rooms.text("s3-hash-prefix-depth", "store.s3.hash-prefix-depth");
    rooms.redirect();
    rooms.ownStore();
    rooms.mirror();
    rooms.agree("log-level", "log.level");
    rooms.put("log.level", "log-level", ServeSettings.logLevel(rooms.read));
    return rooms.config;
  }

  private void elasticsearch() {
    text("elasticsearch-url", "store.elasticsearch.url");
    text("elasticsearch-meta-index", "store.elasticsearch.index");
    put("store.elasticsearch.shards", "elasticsearch-shards", 1, 1024);
    put("store.elasticsearch.replicas", "elasticsearch-replicas", 0, 100);
    millis("elasticsearch-flush-interval", "store.elasticsearch.flush-interval");
    text("elasticsearch-user", "store.elasticsearch.user");
    secret("elasticsearch-password", "store.elasticsearch.password");
    secret("elasticsearch-api-key", "store.elasticsearch.api-key");
    text("elasticsearch-ca", "store.elasticsearch.ca");
  }

  private void mirror() {
    text("egress-proxy", "origin.egress-proxy.url");
    secret("egress-proxy-credentials", "origin.egress-proxy.credentials");
    text("egress-proxy-except", "origin.egress-proxy.except");
    text("mirror-policy", "mirror.policy");
    text("mirror-hosts", "mirror.hosts");
    text("mirror-allow-destinations", "mirror.allow-destinations");
    flag("stale-on-connection-error", "mirror.stale-on-connection-error");
    flag("stale-on-5xx", "mirror.stale-on-5xx");
    flag("stale-on-any-error", "mirror.stale-on-any-error");
  }

  private void redirect() {
    if (read.flag("object-redirect") && read.text("s3-bucket").isEmpty()) {
      throw new SettingsException("--object-redirect needs --s3-bucket, where clients are sent to");
    }
    flag("object-redirect", "exchange.redirect.on");
    millis("object-redirect-lifetime", "store.s3.whole.lifetime");
    text("object-redirect-base", "store.s3.whole.base-url");
  }

  /** Who keeps bodies in S3 must not cache what it says, and its clients need no proxy to it. */
  private void ownStore() {
    String bucket = config.getString("weir.store.s3.bucket");
    String endpoint = config.getString("weir.store.s3.endpoint");
    if (bucket.isEmpty() || read.text("mode").equalsIgnoreCase("reverse")) {
      return; // in front of one origin no client asks for another host
    }
    String name = endpoint.isEmpty() ? "s3-bucket" : "s3-endpoint";
    if (config.getStringList("weir.exchange.own-store").isEmpty()) {
      put("exchange.own-store", name, OwnStoreNames.of(bucket, endpoint));
    }
    if (!endpoint.isEmpty() && config.getString("weir.onboard.s3-host").isEmpty()) {
      put("onboard.s3-host", name, OwnStoreNames.host(endpoint).replaceAll("[\\[\\]]", ""));
    }
  }

  private void secret(String name, String room) {
    agree(name, room);
    if (!read.text(name).isEmpty()) {
      put(room, name, read.secret(name));
    }
  }

  private void put(String room, String name, int least, int most) {
    agree(name, room);
    put(room, name, read.number(name, least, most));
  }

  /** A node's folder brings the fleet's interception CA unless another is named. */
  private void cluster() {
    text("cluster-dir", "cluster.dir");
    text("cluster-host", "cluster.host");
    agree("cluster-port", "cluster.port");
    put("cluster.port", "cluster-port", read.port("cluster-port"));
    agree("peer-port", "cluster.peer-port");
    put("cluster.peer-port", "peer-port", read.port("peer-port"));
    list("cluster-seeds", "cluster.seeds");
    text("cluster-dns", "cluster.dns");
    String folder = read.text("cluster-dir");
    if (!folder.isEmpty() && read.text("ca").isEmpty()) {
      put("tls.ca", "cluster-dir", Path.of(folder, "ca.key").toString());
      put("tls.ca-cert", "cluster-dir", Path.of(folder, "ca.pem").toString());
    }
    if (!folder.isEmpty() && config.getString("weir.admin.token").isEmpty()) {
      put("admin.token", "cluster-dir", secretIn(Path.of(folder, "secret")));
    }
  }

  private static String secretIn(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new SettingsException(
          "--cluster-dir: cannot read %s (%s); make the folder with `weir cluster init`"
              .formatted(file, e.getClass().getSimpleName()));
    }
  }

  private void text(String name, String room) {
    agree(name, room);
    if (!read.text(name).isEmpty()) {
      put(room, name, read.text(name));
    }
  }

  private void list(String name, String room) {
    agree(name, room);
    if (!read.list(name).isEmpty()) {
      put(room, name, read.list(name));
    }
  }

  private void flag(String name, String room) {
    agree(name, room);
    put(room, name, read.flag(name));
  }

  private void millis(String name, String room) {
    agree(name, room);
    put(room, name, read.millis(name) + " ms");
  }

  private void bytes(String name, String room) {
    agree(name, room);
    put(room, name, read.bytes(name));
  }

  /**
   * A file may give such a setting by the room's own name as well; what is typed on the command
   * line or stands in the environment wins over either.
   */
  private void agree(String name, String room) {
    if (!isGiven(room)) {
      return;
    }
    ConfigValue inRoom = config.getValue("weir." + room);
    if (!isGiven(name)) {
      config = config.withValue("weir." + name, inRoom);
      read = new SettingReader(config);
      return;
    }
    ConfigValue byName = config.getValue("weir." + name);
    boolean isInFile = byName.origin().filename() != null;
    if (isInFile && !byName.unwrapped().equals(inRoom.unwrapped())) {
      throw new SettingsException(
          "%s: weir.%s is the same setting as weir.%s (%s): leave one of them out"
              .formatted(inRoom.origin().description(), room, name, byName.origin().description()));
    }
  }

  /** Whether it is no default: those come from the class path. */
  private boolean isGiven(String key) {
    return config.hasPath("weir." + key)
        && config.getValue("weir." + key).origin().resource() == null;
  }

  private void put(String room, String name, Object value) {
    ConfigValue from = config.getValue("weir." + name);
    config =
        config.withValue(
            "weir." + room, ConfigValueFactory.fromAnyRef(value).withOrigin(from.origin()));
  }
}
