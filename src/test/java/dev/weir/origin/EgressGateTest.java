package dev.weir.origin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.http.Authority;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EgressGateTest {
  private static final int OWN_PORT = 8080;
  private static final Map<String, String> NAMES = new HashMap<>();

  static {
    NAMES.put("public.test", "93.184.216.34");
    NAMES.put("private.test", "10.1.2.3");
    NAMES.put("to-loopback.test", "127.0.0.1");
    NAMES.put("to-metadata.test", "169.254.169.254");
    NAMES.put("mixed.test", "127.0.0.1 93.184.216.34");
    NAMES.put("mixed-private.test", "169.254.169.254 10.0.0.9");
    NAMES.put("us.test", "192.0.2.77");
    NAMES.put("a.example.com", "93.184.216.35");
    NAMES.put("example.com", "93.184.216.35");
    NAMES.put("notexample.com", "93.184.216.35");
  }

  private static EgressGate gate(String deny, String allow) {
    OwnListeners own =
        new OwnListeners(() -> Set.of(InetAddress.ofLiteral("192.0.2.77")), 1000, () -> 0L);
    own.add(OWN_PORT);
    return new EgressGate(EgressRules.forwardProxy(deny, allow), own, EgressGateTest::look, 4);
  }

  private static CompletableFuture<List<InetAddress>> look(String name) {
    String found = NAMES.get(name);
    if (found == null) {
      return CompletableFuture.failedFuture(
          new OriginFailure(OriginFailure.Kind.RESOLVE, "no such name", null));
    }
    List<InetAddress> addresses = new ArrayList<>();
    for (String one : found.split(" ")) {
      addresses.add(InetAddress.ofLiteral(one));
    }
    return CompletableFuture.completedFuture(addresses);
  }

  private static EgressVerdict judge(EgressGate gate, String host, int port) throws Exception {
    return gate.judge(new Authority(host, port)).toCompletableFuture().get(5, TimeUnit.SECONDS);
  }

  private static String said(EgressVerdict verdict) {
    return switch (verdict) {
      case EgressVerdict.Allowed allowed -> "allowed";
      case EgressVerdict.Refused refused -> refused.loop() ? "loop" : "refused";
    };
  }

  @ParameterizedTest
  @CsvSource({
    "93.184.216.34,80,allowed",
    "8.8.8.8,443,allowed",
    "2606:4700::1111,443,allowed",
    "public.test,443,allowed",
    "public.test.,443,allowed",
    "PUBLIC.test,443,allowed",
    "192.0.2.1,80,allowed",
    "10.0.0.1,80,allowed",
    "10.255.255.255,80,allowed",
    "172.16.0.1,80,allowed",
    "172.31.255.255,80,allowed",
    "192.168.1.1,80,allowed",
    "100.64.0.1,80,allowed",
    "100.127.255.255,80,allowed",
    "fc00::1,80,allowed",
    "fd12:3456::1,80,allowed",
    "private.test,80,allowed",
    "mixed.test,80,allowed",
    "mixed-private.test,80,allowed",
    "127.0.0.1,80,refused",
    "127.1.2.3,80,refused",
    "127.255.255.255,80,refused",
    "0.0.0.0,80,refused",
    "0.1.2.3,80,refused",
    "::1,80,refused",
    "::,80,refused",
    "::ffff:127.0.0.1,80,refused",
    "::ffff:7f00:1,80,refused",
    "::ffff:169.254.169.254,80,refused",
    "0:0:0:0:0:0:0:1,80,refused",
    "::127.0.0.1,80,refused",
    "64:ff9b::127.0.0.1,80,refused",
    "64:ff9b::a9fe:a9fe,80,refused",
    "64:ff9b:1::1,80,refused",
    "64:ff9b::8.8.8.8,80,allowed",
    "2002:7f00:1::,80,refused",
    "2002:a9fe:a9fe::1,80,refused",
    "2001::1,80,refused",
    "169.254.169.254,80,refused",
    "169.254.0.1,80,refused",
    "169.254.170.2,80,refused",
    "168.63.129.16,80,refused",
    "100.100.100.200,80,refused",
    "192.0.0.192,80,refused",
    "fd00:ec2::254,80,refused",
    "fe80::1,80,refused",
    "febf::1,80,refused",
    "224.0.0.1,80,refused",
    "239.255.255.250,1900,refused",
    "255.255.255.255,80,refused",
    "240.0.0.1,80,refused",
    "ff02::1,80,refused",
    "localhost,80,refused",
    "LOCALHOST,80,refused",
    "localhost.,80,refused",
    "a.localhost,80,refused",
    "to-loopback.test,80,refused",
    "to-metadata.test,80,refused",
    "metadata.google.internal,80,refused",
    "metadata.google.internal.,80,refused",
    "metadata.azure.internal,80,refused",
    "Metadata,80,refused",
    "127.0.0.1,8080,loop",
    "::1,8080,loop",
    "0.0.0.0,8080,loop",
    "::ffff:127.0.0.1,8080,loop",
    "localhost,8080,loop",
    "192.0.2.77,8080,loop",
    "us.test,8080,loop",
    "to-loopback.test,8080,loop",
    "192.0.2.77,8081,allowed",
    "us.test,443,allowed",
  })
  void judgesByDefault(String host, int port, String expected) throws Exception {
    // Given
    EgressGate gate = gate("", "");

    // When
    EgressVerdict verdict = judge(gate, host, port);

    // Then
    assertThat(said(verdict)).isEqualTo(expected);
  }

  /** What some resolvers take for an address is never looked up nor dialled. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0x7f.0.0.1",
        "017700000001",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "127.0.0.01",
        "127.0.0.1.",
        "0127.0.0.1",
        "127.0.0.256",
        "127.0.0.1.1",
        "127.0.0.0x1",
        "a.0x7f",
        "1.2.3.4.5",
        "0x",
        "256.1.1.1",
        "[::1",
        "::1]",
        "fe80::1%eth0",
        "::1%lo",
        "::g",
        "1:2:3",
        "localhost..",
        ".localhost",
        "a..b",
        "loc alhost",
        "127。0。0。1",
        "①27.0.0.1",
        "user@127.0.0.1",
        "127.0.0.1/x",
        "%31%32%37.0.0.1",
        "host\u0000.test"
      })
  void oddSpellingsDoNotSlipBy(String host) throws Exception {
    // Given
    List<String> asked = new ArrayList<>();
    EgressGate gate =
        new EgressGate(
            EgressRules.forwardProxy("", ""),
            new OwnListeners(Set::of, 1000, () -> 0L),
            name -> {
              asked.add(name);
              return CompletableFuture.completedFuture(
                  List.of(InetAddress.ofLiteral("93.184.216.34")));
            },
            4);

    // When
    EgressVerdict verdict = judge(gate, host, 80);

    // Then
    assertThat(said(verdict)).isEqualTo("refused");
    assertThat(asked).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "-                 | 127.0.0.0/8         | 127.0.0.1        | 80   | allowed",
        "-                 | 127.0.0.0/8         | localhost        | 80   | allowed",
        "-                 | 127.0.0.0/8         | 127.0.0.1        | 8080 | loop",
        "-                 | localhost           | localhost        | 8080 | loop",
        "-                 | 127.0.0.1:9000      | 127.0.0.1        | 9000 | allowed",
        "-                 | 127.0.0.1:9000      | 127.0.0.1        | 9001 | refused",
        "-                 | [::1]:9000          | ::1              | 9000 | allowed",
        "-                 | ::1                 | ::1              | 9001 | allowed",
        "-                 | localhost           | localhost        | 80   | allowed",
        "-                 | localhost           | 127.0.0.1        | 80   | refused",
        "-                 | to-metadata.test    | to-metadata.test | 80   | allowed",
        "-                 | .test               | to-metadata.test | 80   | allowed",
        "169.254.0.0/16    | .test               | to-metadata.test | 80   | refused",
        "10.0.0.0/8        | -                   | 10.1.2.3         | 80   | refused",
        "10.0.0.0/8        | -                   | private.test     | 80   | refused",
        "10.0.0.0/8        | 10.1.2.3            | 10.1.2.3         | 80   | refused",
        "10.0.0.0/8        | -                   | 64:ff9b::a01:203 | 80   | refused",
        "10.0.0.0/8        | -                   | 2002:a01:203::1  | 80   | refused",
        "8.8.8.0/24        | -                   | 64:ff9b::808:808 | 80   | refused",
        "8.8.8.0/24:22     | -                   | 64:ff9b::808:808 | 80   | allowed",
        "-                 | -                   | 64:ff9b::808:808 | 80   | allowed",
        "-                 | 127.0.0.0/8         | 64:ff9b::7f00:1  | 80   | refused",
        "-                 | -                   | 64:ff9b::c000:24d | 8080 | loop",
        "10.0.0.0/8:22     | -                   | 10.1.2.3         | 80   | allowed",
        "10.0.0.0/8:22     | -                   | 10.1.2.3         | 22   | refused",
        "example.com       | -                   | example.com      | 80   | refused",
        "example.com       | -                   | Example.COM.     | 80   | refused",
        "example.com       | -                   | a.example.com    | 80   | allowed",
        ".example.com      | -                   | a.example.com    | 80   | refused",
        ".example.com      | -                   | example.com      | 80   | refused",
        ".example.com      | -                   | notexample.com   | 80   | allowed",
        ".example.com:443  | -                   | a.example.com    | 443  | refused",
        "example.com       | example.com         | example.com      | 80   | refused",
        "0.0.0.0/0         | -                   | public.test      | 80   | refused",
        "::/0              | -                   | public.test      | 80   | allowed",
        "::/0              | -                   | 2606:4700::1111  | 80   | refused",
      })
  void listsAreHeard(String deny, String allow, String host, int port, String expected)
      throws Exception {
    // Given
    EgressGate gate = gate(deny == null ? "" : deny, allow == null ? "" : allow);

    // When
    EgressVerdict verdict = judge(gate, host, port);

    // Then
    assertThat(said(verdict)).isEqualTo(expected);
  }

  @Test
  void ofAMixedAnswerOnlyTheAllowedAddressIsDialled() throws Exception {
    // Given
    EgressGate gate = gate("", "");

    // When
    EgressVerdict verdict = judge(gate, "mixed.test", 80);

    // Then
    assertThat(verdict)
        .isEqualTo(
            new EgressVerdict.Allowed(
                List.of(new InetSocketAddress(InetAddress.ofLiteral("93.184.216.34"), 80))));
  }

  @Test
  void theJudgedAddressIsTheAnswerThoughTheNextOneWouldBeAnother() throws Exception {
    // Given
    List<String> answers = new ArrayList<>(List.of("93.184.216.34", "127.0.0.1"));
    EgressGate gate =
        new EgressGate(
            EgressRules.forwardProxy("", ""),
            new OwnListeners(Set::of, 1000, () -> 0L),
            name ->
                CompletableFuture.completedFuture(
                    List.of(InetAddress.ofLiteral(answers.removeFirst()))),
            4);

    // When
    EgressVerdict first = judge(gate, "rebind.test", 80);
    EgressVerdict second = judge(gate, "rebind.test", 80);

    // Then
    assertThat(((EgressVerdict.Allowed) first).addresses())
        .allSatisfy(address -> assertThat(address.isUnresolved()).isFalse());
    assertThat(said(second)).isEqualTo("refused");
  }

  @Test
  void aRefusalNamesItsRuleAndTheWayOut() throws Exception {
    // Given
    EgressGate gate = gate(".example.com", "");

    // When
    var byList = (EgressVerdict.Refused) judge(gate, "a.example.com", 80);
    var metadata = (EgressVerdict.Refused) judge(gate, "169.254.169.254", 80);
    var loop = (EgressVerdict.Refused) judge(gate, "127.0.0.1", OWN_PORT);

    // Then
    assertThat(byList.failure("a.example.com"))
        .hasMessage("Destination a.example.com is refused: --deny-destinations has .example.com.");
    assertThat(metadata.failure("169.254.169.254").getMessage()).contains("link-local", "NO_PROXY");
    assertThat(loop.failure("127.0.0.1").kind()).isEqualTo(OriginFailure.Kind.LOOP);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.0.0.0/33",
        "10.0.0.0/x",
        "host:0",
        "host:70000",
        "host:",
        "ho st",
        ".1.2.3.4",
        "0x7f.1",
        "10.0.0/8",
        "::1/129"
      })
  void aListThatCannotBeReadIsRefused(String item) {
    // Given
    // When
    // Then
    assertThatThrownBy(() -> DestinationRule.parse(item))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "to-loopback.test:9000, to-loopback.test, 9000, true",
    "to-loopback.test:9000, to-loopback.test, 9001, false",
    "to-loopback.test:9000, 127.0.0.1, 9000, false",
    "to-loopback.test:9000, to-metadata.test, 9000, false",
    "127.0.0.1:9000, 127.0.0.1, 9000, true",
    "127.0.0.1:9000, to-loopback.test, 9000, false",
    "127.0.0.1:9000, localhost, 9000, false",
    "127.0.0.1:9000, 127.0.0.1, 9001, false",
    "127.0.0.1:443, 127.0.0.1, 443, true",
  })
  void ourObjectStoreIsAllowedUnderItsVeryNameAlone(
      String store, String host, int port, boolean allowed) throws Exception {
    // Given
    OwnListeners own = new OwnListeners(Set::of, 1000, () -> 0L);
    EgressGate open =
        new EgressGate(EgressRules.forwardProxy("", store, ""), own, EgressGateTest::look, 4);
    EgressGate closed =
        new EgressGate(EgressRules.forwardProxy(store, store, ""), own, EgressGateTest::look, 4);
    // When
    EgressVerdict verdict = judge(open, host, port);
    // Then
    assertThat(verdict instanceof EgressVerdict.Allowed).isEqualTo(allowed);
    assertThat(judge(closed, host, port)).isInstanceOf(EgressVerdict.Refused.class);
  }
}
