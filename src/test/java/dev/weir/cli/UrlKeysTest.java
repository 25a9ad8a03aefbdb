package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.weir.entry.PrimaryKey;
import dev.weir.exchange.ExchangeSettings;
import dev.weir.exchange.FiledKeys;
import dev.weir.filters.Filters;
import dev.weir.http.RequestHead;
import dev.weir.mirror.MirrorSettings;
import dev.weir.policy.CacheKeys;
import dev.weir.policy.Policy;
import dev.weir.rules.LiveRules;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UrlKeysTest {
  private static final PrimaryKey KEY = new PrimaryKey("https", "registry.example", "0".repeat(56));

  @TempDir private Path folder;

  private static RequestHead request(String url) {
    return Objects.requireNonNull(UrlKeys.request(url, List.of()));
  }

  @Test
  void whatIsNoUrlOrNoFieldIsNoRequest() {
    assertThat(UrlKeys.request("no-url", List.of())).isNull();
    assertThat(UrlKeys.request("ftp://a.example/", List.of())).isNull();
    assertThat(UrlKeys.request("http://a.example/", List.of("no field"))).isNull();
    assertThat(UrlKeys.request("http://a.example/", List.of("X-A: b")))
        .extracting(request -> request.headers().first("X-A"))
        .isEqualTo("b");
  }

  @Test
  void aPurgeKnowsTheKeysOfMountsThatLeadThere() throws Exception {
    // Given
    Path file =
        Files.writeString(
            folder.resolve("rules.conf"),
            """
            mounts = [
              { name = own, path = /own/, to = "https://a.example/simple/", private = on }
              { name = shared, path = /shared/, to = "https://a.example/" }
              { name = other, path = /other/, to = "https://b.example/", private = on }
            ]
            """);
    LiveRules rules = new LiveRules(List.of(file), Policy.STANDARD);
    UrlKeys keys =
        new UrlKeys(
            new FiledKeys(rules, Filters.NONE, ExchangeSettings.from(reference("exchange"))));
    MirrorSettings mirror = MirrorSettings.from(reference("mirror"));

    // When
    Set<PrimaryKey> below = all(keys, "https://a.example/simple/x", rules, mirror);
    Set<PrimaryKey> beside = all(keys, "https://a.example/x", rules, mirror);

    // Then
    assertThat(below).hasSize(2).startsWith(key(keys, "https://a.example/simple/x"));
    assertThat(beside).containsExactly(key(keys, "https://a.example/x"));
  }

  private static Set<PrimaryKey> all(
      UrlKeys keys, String url, LiveRules rules, MirrorSettings mirror) throws Exception {
    return keys.all(request(url), rules.mounts(), mirror).toCompletableFuture().get();
  }

  private static PrimaryKey key(UrlKeys keys, String url) throws Exception {
    return keys.of(request(url)).toCompletableFuture().get();
  }

  private static Config reference(String room) {
    return ConfigFactory.parseResources("reference/" + room + ".conf")
        .resolve()
        .getConfig("weir." + room);
  }

  @Test
  void whatAUrlNamesByItsDigestHasAKeyForClientsWithCredentialsToo() {
    // Given
    String url = "https://registry.example/v2/one/blobs/sha256:" + "a".repeat(64);

    // When, Then
    assertThat(UrlKeys.withCredentials(request(url), KEY))
        .containsExactly(CacheKeys.withCredentials(KEY));
  }

  /** A purge failed in a partition: the keeper of a key that nothing can be under was cut off. */
  @Test
  void purgeAsksForNoKeyThatNothingCanBeUnder() {
    // Given
    String url = "https://registry.example/some/file?sha256=" + "a".repeat(64);

    // When, Then
    assertThat(UrlKeys.withCredentials(request(url), KEY)).isEmpty();
  }
}
