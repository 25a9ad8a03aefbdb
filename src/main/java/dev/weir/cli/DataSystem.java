package dev.weir.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueFactory;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.serialization.JSerializer;
import org.jspecify.annotations.Nullable;

/** The actor system of sockets, streams and stores, whose messages never leave the process. */
final class DataSystem {
  private DataSystem() {}

  static ActorSystem create(String name, Config config) {
    return ActorSystem.create(name, local(config), Resources.LOADER);
  }

  /**
   * Without the serializers that the fabric's libraries bring: making them takes a good part of a
   * start, and nothing here is ever written to a wire. Their names have to stay, for the libraries
   * look for them.
   */
  static Config local(Config config) {
    Config without = all("pekko.actor.serializers", NoSerializer.class.getName(), config);
    return all("pekko.actor.serialization-bindings", "none", without);
  }

  private static Config all(String path, String value, Config config) {
    Map<String, String> same = new HashMap<>();
    config.getObject(path).keySet().forEach(name -> same.put(name, value));
    return config.withValue(path, ConfigValueFactory.fromMap(same));
  }

  /** Stands for a serializer that is never asked. Public, and made by its name. */
  public static final class NoSerializer extends JSerializer {
    private static final AtomicInteger MADE = new AtomicInteger();

    /** Pekko wants every identifier once. */
    private final int identifier = MADE.incrementAndGet();

    @Override
    public int identifier() {
      return identifier;
    }

    @Override
    public byte[] toBinary(Object message) {
      throw new UnsupportedOperationException("a message of the data system left the process");
    }

    @Override
    public boolean includeManifest() {
      return false;
    }

    @Override
    public Object fromBinaryJava(byte[] bytes, @Nullable Class<?> manifest) {
      throw new UnsupportedOperationException("a message for the data system came from outside");
    }
  }
}
