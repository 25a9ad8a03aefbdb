package dev.weir.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.http.Authority;
import dev.weir.origin.EgressGate;
import dev.weir.origin.EgressRules;
import dev.weir.origin.EgressVerdict;
import dev.weir.origin.OwnListeners;
import dev.weir.origin.Resolver;
import dev.weir.policy.Effects;
import dev.weir.policy.Mount;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the clients of a mirror may go. */
class MirrorGatesTest {
  private static final int OWN_PORT = 8090;
  private static final Map<String, String> NAMES =
      Map.of(
          "public.test", "93.184.216.34",
          "private.test", "10.1.2.3",
          "loopback.test", "127.0.0.1",
          "metadata.test", "169.254.169.254",
          "mapped.test", "::ffff:10.0.0.1",
          "index.corp.test", "10.9.9.9",
          "files.corp.test", "10.9.9.10");
  private static final Resolver RESOLVER =
      name ->
          CompletableFuture.completedFuture(
              List.of(InetAddress.ofLiteral(NAMES.getOrDefault(name, "93.184.216.99"))));

  private static MirrorSettings settings(String overrides) {
    return MirrorSettings.from(
        ConfigFactory.parseString(overrides)
            .withFallback(
                ConfigFactory.parseResources("reference/mirror.conf")
                    .resolve()
                    .getConfig("weir.mirror")));
  }

  private static MirrorGates gates(Resolver resolver, String overrides, List<Mount> mounts) {
    OwnListeners own = new OwnListeners(60_000);
    own.add(OWN_PORT);
    EgressGate proxy = new EgressGate(EgressRules.forwardProxy("", ""), own, resolver, 4);
    return new MirrorGates(
        proxy,
        rules -> new EgressGate(rules, own, resolver, 4),
        settings(overrides),
        "denied.test",
        () -> mounts);
  }

  private static String judge(MirrorGates gates, String gate, String host, int port)
      throws Exception {
    EgressVerdict verdict =
        gates.of(gate).judge(new Authority(host, port)).toCompletableFuture().get();
    return switch (verdict) {
      case EgressVerdict.Allowed allowed -> "allowed";
      case EgressVerdict.Refused refused -> refused.loop() ? "loop" : "refused";
    };
  }

  @ParameterizedTest
  @CsvSource({
    "93.184.216.34, 443, allowed",
    "93.184.216.34, 80, allowed",
    "2606:4700::1111, 443, allowed",
    "public.test, 443, allowed",
    "64:ff9b::8.8.8.8, 443, allowed",
    "93.184.216.34, 22, refused",
    "public.test, 6379, refused",
    "denied.test, 443, refused",
    "localhost, 443, refused",
    "a.localhost, 443, refused",
    "127.0.0.1, 443, refused",
    "127.1.2.3, 443, refused",
    "0.0.0.0, 443, refused",
    "10.0.0.1, 443, refused",
    "172.16.0.1, 443, refused",
    "192.168.0.1, 443, refused",
    "100.64.0.1, 443, refused",
    "100.127.255.254, 443, refused",
    "198.18.0.1, 443, refused",
    "169.254.169.254, 80, refused",
    "169.254.170.2, 80, refused",
    "100.100.100.200, 80, refused",
    "168.63.129.16, 80, refused",
    "224.0.0.1, 443, refused",
    "255.255.255.255, 443, refused",
    "::1, 443, refused",
    "::, 443, refused",
    "fe80::1, 443, refused",
    "fc00::1, 443, refused",
    "fd00:ec2::254, 80, refused",
    "fec0::1, 443, refused",
    "ff02::1, 443, refused",
    "::ffff:10.0.0.1, 443, refused",
    "::ffff:a9fe:a9fe, 80, refused",
    "::10.0.0.1, 443, refused",
    "64:ff9b::10.0.0.1, 443, refused",
    "64:ff9b:1::1, 443, refused",
    "2002:a00:1::, 443, refused",
    "2001::1, 443, refused",
    "metadata.google.internal, 80, refused",
    "private.test, 443, refused",
    "loopback.test, 443, refused",
    "metadata.test, 80, refused",
    "mapped.test, 443, refused",
    "127.0.0.1, 8090, loop",
    "loopback.test, 8090, refused",
    // spellings that a resolver might take for addresses
    "0x7f000001, 443, refused",
    "2130706433, 443, refused",
    "0177.0.0.1, 443, refused",
    "127.1, 443, refused",
    "10.0.0.01, 443, refused",
  })
  void onlyPublicPlacesOnWebPorts(String host, int port, String expected) throws Exception {
    assertThat(judge(gates(RESOLVER, "", List.of()), "mirror", host, port)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "'allow-destinations = \"10.1.0.0/16\"', private.test, 443, allowed",
    "'allow-destinations = \"10.1.0.0/16\"', 10.1.2.3, 8443, allowed",
    "'allow-destinations = \"10.1.0.0/16\"', 10.2.0.1, 443, refused",
    "'allow-destinations = \"10.1.0.0/16:8443\"', 10.1.2.3, 443, refused",
    "'allow-destinations = \".corp.test:8081\"', index.corp.test, 8081, allowed",
    "'allow-destinations = \".corp.test:8081\"', index.corp.test, 443, refused",
    "'allow-destinations = loopback.test', loopback.test, 443, allowed",
    "'allow-destinations = loopback.test', loopback.test, 8090, loop",
    "'allow-destinations = loopback.test', denied.test, 443, refused",
    "'hosts = \"public.test\"', public.test, 443, allowed",
    "'hosts = \"public.test\"', other.test, 443, refused",
    "'hosts = \"public.test\"', public.test, 8443, refused",
    "'hosts = \"public.test:8443\"', public.test, 8443, allowed",
    "'hosts = \".corp.test\"', index.corp.test, 443, refused",
    "'hosts = \"93.184.216.0/24\"', other.test, 443, allowed",
    "'hosts = \"public.test\", allow-destinations = \"10.1.2.3\"', private.test, 443, allowed",
    "'ports = [8000]', public.test, 443, refused",
    "'ports = [8000]', public.test, 8000, allowed",
  })
  void listsSayWhereElse(String overrides, String host, int port, String expected)
      throws Exception {
    assertThat(judge(gates(RESOLVER, overrides, List.of()), "mirror", host, port))
        .isEqualTo(expected);
  }

  @Test
  void aRuleMayOpenPrivatePlacesAndNoWorseOnes() throws Exception {
    MirrorGates gates = gates(RESOLVER, "", List.of());
    assertThat(judge(gates, "mirror+private", "private.test", 443)).isEqualTo("allowed");
    assertThat(judge(gates, "mirror+private", "loopback.test", 443)).isEqualTo("refused");
    assertThat(judge(gates, "mirror+private", "metadata.test", 80)).isEqualTo("refused");
    assertThat(judge(gates, "mirror+private", "private.test", 22)).isEqualTo("refused");
  }

  @Test
  void aMountOpensItsOwnOriginsOnly() throws Exception {
    // Given
    Mount.Origin origin =
        new Mount.Origin("https", new Authority("index.corp.test", 8443), "/simple/", null);
    Mount mount = new Mount("pypi", "/pypi/", List.of(origin), Set.of(), false, Effects.NONE);
    MirrorGates gates = gates(RESOLVER, "hosts = none", List.of(mount));

    // When // Then
    assertThat(judge(gates, "mount pypi", "index.corp.test", 8443)).isEqualTo("allowed");
    assertThat(judge(gates, "mount pypi", "index.corp.test", 443)).isEqualTo("refused");
    assertThat(judge(gates, "mount pypi", "files.corp.test", 8443)).isEqualTo("refused");
    assertThat(judge(gates, "mount pypi", "10.9.9.9", 8443)).isEqualTo("refused");
    assertThat(judge(gates, "mount pypi", "public.test", 8443)).isEqualTo("allowed");
    assertThat(judge(gates, "mirror", "index.corp.test", 8443)).isEqualTo("refused");
    assertThat(judge(gates, "mount gone", "index.corp.test", 8443)).isEqualTo("refused");
  }

  @Test
  void mountsThatChangeAreJudgedAsTheyAre() throws Exception {
    // Given
    AtomicReference<List<Mount>> now = new AtomicReference<>(List.of());
    OwnListeners own = new OwnListeners(60_000);
    MirrorGates gates =
        new MirrorGates(
            new EgressGate(EgressRules.forwardProxy("", ""), own, RESOLVER, 4),
            rules -> new EgressGate(rules, own, RESOLVER, 4),
            settings(""),
            "",
            now::get);
    assertThat(judge(gates, "mount pypi", "private.test", 443)).isEqualTo("refused");

    // When
    Mount.Origin origin = new Mount.Origin("https", new Authority("private.test", 443), "/", null);
    now.set(List.of(new Mount("pypi", "/pypi/", List.of(origin), Set.of(), true, Effects.NONE)));

    // Then
    assertThat(judge(gates, "mount pypi", "private.test", 443)).isEqualTo("allowed");
  }

  /** A name that is public when it is judged and internal the next time it is looked up. */
  @Test
  void aNameThatIsBoundAnewGainsNothing() throws Exception {
    // Given
    AtomicInteger asked = new AtomicInteger();
    Resolver rebinding =
        name ->
            CompletableFuture.completedFuture(
                List.of(
                    InetAddress.ofLiteral(
                        asked.getAndIncrement() % 2 == 0 ? "93.184.216.34" : "127.0.0.1")));
    MirrorGates gates = gates(rebinding, "", List.of());

    // When
    EgressVerdict verdict =
        gates.of("mirror").judge(new Authority("rebind.test", 443)).toCompletableFuture().get();

    // Then
    assertThat(verdict)
        .isInstanceOfSatisfying(
            EgressVerdict.Allowed.class,
            allowed ->
                assertThat(allowed.addresses())
                    .extracting(address -> address.getAddress().getHostAddress())
                    .containsExactly("93.184.216.34"));
    assertThat(asked).hasValue(1);
    assertThat(judge(gates, "mirror", "rebind.test", 443)).isEqualTo("refused");
  }

  @ParameterizedTest
  @ValueSource(strings = {"policy = Sometimes", "redirects = 100"})
  void settingsThatCannotBeUsedAreRefused(String overrides) {
    org.assertj.core.api.Assertions.assertThatThrownBy(() -> settings(overrides))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
