package dev.weir.cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.List;
import java.util.Map;
import org.apache.pekko.cluster.ConfigValidation;
import org.apache.pekko.cluster.Invalid;
import org.apache.pekko.cluster.JoinConfigCompatChecker;
import org.apache.pekko.cluster.Valid;
import org.apache.pekko.japi.Util;
import scala.collection.immutable.Seq;

/**
 * What a node must agree on is compared once more when it joins: greetings alone miss a node that
 * starts at the same moment as the others, before any of them answers. Made by the fabric, which
 * knows it by its name in {@code reference/cluster.conf}.
 */
public final class FleetAgreement extends JoinConfigCompatChecker {
  private static final String BLOCK = "weir-fleet";
  private static final List<String> KEYS =
      List.of(
          BLOCK + ".ca", BLOCK + ".key-shape", BLOCK + ".protocol", BLOCK + ".number-of-shards");

  /** That node's part, for the configuration of its fabric. */
  static Config of(Hello hello) {
    return ConfigFactory.parseMap(
        Map.of(
            KEYS.get(0), hello.ca(),
            KEYS.get(1), hello.keyShape(),
            KEYS.get(2), hello.protocol(),
            KEYS.get(3), hello.shards()),
        "what nodes of a fleet agree on");
  }

  @Override
  public Seq<String> requiredKeys() {
    return Util.immutableSeq(KEYS);
  }

  /** A version that does not know a key yet says nothing of it. */
  @Override
  public ConfigValidation check(Config theirs, Config ours) {
    List<String> differing =
        KEYS.stream()
            .filter(key -> theirs.hasPath(key) && ours.hasPath(key))
            .filter(key -> !theirs.getString(key).equals(ours.getString(key)))
            .map(key -> key + ": " + theirs.getString(key) + " is not " + ours.getString(key))
            .toList();
    return differing.isEmpty() ? Valid.getInstance() : new Invalid(Util.immutableSeq(differing));
  }
}
