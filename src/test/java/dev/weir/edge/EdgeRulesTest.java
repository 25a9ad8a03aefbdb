package dev.weir.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EdgeRulesTest {
  private static final EdgeSettings DEFAULTS =
      EdgeSettings.from(
          ConfigFactory.parseResources("reference/edge.conf").resolve().getConfig("weir.edge"));

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1,true",
    "127.255.255.255,true",
    "10.1.2.3,true",
    "172.15.255.255,false",
    "172.16.0.0,true",
    "172.31.255.255,true",
    "172.32.0.0,false",
    "192.168.1.1,true",
    "192.169.0.1,false",
    "8.8.8.8,false",
    "::1,true",
    "::2,false",
    "fd12::1,true",
    "fe80::1,true",
    "2001:db8::1,false",
    "::ffff:8.8.8.8,false",
    "::ffff:10.0.0.1,true"
  })
  void onlyLoopbackAndPrivateNetworksMayConnectByDefault(String address, boolean allowed)
      throws Exception {
    assertThat(DEFAULTS.allowClients().contains(InetAddress.getByName(address))).isEqualTo(allowed);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"localhost", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "10.0.0/8", "", "/8", "a/b"})
  void whatIsNoNetworkIsRefusedAndNeverResolved(String text) {
    assertThatThrownBy(() -> AddressRanges.of(List.of(text)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void everythingAndOneAddressAreNetworks() throws Exception {
    // Given
    AddressRanges all = AddressRanges.of(List.of("0.0.0.0/0", "::/0"));
    AddressRanges one = AddressRanges.of(List.of("192.0.2.7"));

    // When / Then
    assertThat(all.contains(InetAddress.getByName("203.0.113.9"))).isTrue();
    assertThat(all.contains(InetAddress.getByName("2001:db8::9"))).isTrue();
    assertThat(one.contains(InetAddress.getByName("192.0.2.7"))).isTrue();
    assertThat(one.contains(InetAddress.getByName("192.0.2.8"))).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "example.com,true",
    "www.example.com,false",
    "pinned.test,false",
    "api.pinned.test,true",
    "a.b.pinned.test,true",
    "xpinned.test,false",
    "x.star.test,true",
    "star.test,false"
  })
  void hostsMatchExactlyOrBelowADot(String host, boolean expected) {
    HostPatterns patterns =
        HostPatterns.of(List.of("Example.com", ".pinned.test", " *.star.test "));
    assertThat(patterns.contains(host)).isEqualTo(expected);
  }
}
