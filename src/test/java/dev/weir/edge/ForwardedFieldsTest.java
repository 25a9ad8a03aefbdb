package dev.weir.edge;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import java.net.InetAddress;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForwardedFieldsTest {
  private static final InetAddress PROXY = InetAddress.ofLiteral("10.0.0.1");
  private static final InetAddress STRANGER = InetAddress.ofLiteral("2001:db8::7");

  private static ForwardedFields fields(String kind, String overrides) {
    var edge =
        ConfigFactory.parseString("weir.edge.forwarded." + kind + " {" + overrides + "}")
            .withFallback(ConfigFactory.parseResources("reference/edge.conf"))
            .resolve()
            .getConfig("weir.edge.forwarded." + kind);
    return new ForwardedFields(
        ForwardedSettings.from(edge), AddressRanges.of(List.of("10.0.0.0/8")));
  }

  private static RequestHead request(String... fields) {
    return new RequestHead(
        "GET", "https", new Authority("shop.example", 443), "/", Headers.of(fields));
  }

  private static Headers reverse(InetAddress peer, String... fields) {
    return fields("reverse", "").apply(request(fields), peer).headers();
  }

  @Test
  void aForwardProxySaysNothingOfItsClients() {
    // Given
    RequestHead head = request("X-Forwarded-For", "1.2.3.4", "X-Real-IP", "x", "X-Host", "y");

    // When // Then
    assertThat(fields("regular", "").apply(head, STRANGER)).isSameAs(head);
  }

  @Test
  void anIpv6AddressIsQuotedInForwarded() {
    // When
    Headers sent = reverse(STRANGER);

    // Then
    assertThat(sent.combined("Forwarded")).isEqualTo("for=\"[2001:db8:0:0:0:0:0:7]\";proto=https");
    assertThat(sent.combined("X-Forwarded-For")).isEqualTo("2001:db8:0:0:0:0:0:7");
  }

  @ParameterizedTest
  @CsvSource({
    "'1.2.3.4', 1.2.3.4",
    "'1.2.3.4, 10.1.1.1', 1.2.3.4",
    "'6.6.6.6, 1.2.3.4, 10.1.1.1', 1.2.3.4",
    "'1.2.3.4:5555', 1.2.3.4",
    "'[2001:db8::9]:80', 2001:db8:0:0:0:0:0:9",
    "'10.2.2.2, 10.3.3.3', 10.2.2.2",
    "'unknown, 10.3.3.3', 10.3.3.3",
    "'<script>', 10.0.0.1",
    "'\"6.6.6.6, 1.2.3.4', 1.2.3.4"
  })
  void theClientIsTheNearestInFrontOfTrustedProxies(String chain, String client) {
    assertThat(reverse(PROXY, "X-Forwarded-For", chain).combined("X-Real-IP")).isEqualTo(client);
  }

  @Test
  void aProxyThatOnlyTellsTheRealAddressIsBelieved() {
    assertThat(reverse(PROXY, "X-Real-IP", "1.2.3.4").combined("X-Real-IP")).isEqualTo("1.2.3.4");
    assertThat(reverse(PROXY, "X-Real-IP", "nobody").combined("X-Real-IP")).isEqualTo("10.0.0.1");
  }

  @Test
  void theChainIsBounded() {
    // Given
    String chain = String.join(", ", Collections.nCopies(100, "1.2.3.4"));

    // When
    Headers sent = reverse(PROXY, "X-Forwarded-For", chain);

    // Then
    assertThat(sent.combined("X-Forwarded-For").split(", ")).hasSize(32).endsWith("10.0.0.1");
  }

  @Test
  void hostIsToldWhereTheOperatorSaysSo() {
    // Given
    ForwardedFields fields = fields("reverse", "x-forwarded-host = set, forwarded = set");

    // When
    Headers sent = fields.apply(request("X-Forwarded-Host", "evil"), STRANGER).headers();

    // Then
    assertThat(sent.combined("X-Forwarded-Host")).isEqualTo("shop.example");
    assertThat(sent.combined("Forwarded")).endsWith(";proto=https;host=\"shop.example\"");
  }

  @Test
  void strippedFieldsGoEvenFromTrustedProxies() {
    // Given
    ForwardedFields fields = fields("reverse", "x-forwarded-for = strip, x-real-ip = trusted");
    RequestHead head = request("X-Forwarded-For", "1.2.3.4", "X-Real-IP", "1.2.3.4");

    // When // Then
    assertThat(fields.apply(head, PROXY).headers().has("X-Forwarded-For")).isFalse();
    assertThat(fields.apply(head, PROXY).headers().first("X-Real-IP")).isEqualTo("1.2.3.4");
    assertThat(fields.apply(head, STRANGER).headers().has("X-Real-IP")).isFalse();
  }
}
