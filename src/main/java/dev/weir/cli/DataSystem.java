package dev.weir.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValueFactory;
import java.util.Map;
import org.apache.pekko.actor.ActorSystem;

/** The actor system of sockets, streams and stores, whose messages never leave the process. */
final class DataSystem {
  private static final String BYTES = "org.apache.pekko.serialization.ByteArraySerializer";

  private DataSystem() {}

  static ActorSystem create(String name, Config config) {
    return ActorSystem.create(name, local(config), Resources.LOADER);
  }

  /**
   * Without the serializers that the fabric's libraries bring: making them takes a good part of a
   * start, and nothing here is ever written to a wire. One has to stay.
   */
  static Config local(Config config) {
    return config
        .withValue("pekko.actor.serializers", only(Map.of("bytes", BYTES)))
        .withValue("pekko.actor.serialization-bindings", only(Map.of("\"[B\"", "bytes")))
        .withValue("pekko.actor.serialization-identifiers", only(Map.of(BYTES, 4)));
  }

  /** An object that hides what stands below its path in the libraries' own defaults. */
  private static ConfigObject only(Map<String, ?> entries) {
    return ConfigValueFactory.fromMap(entries).withFallback(ConfigValueFactory.fromAnyRef(null));
  }
}
