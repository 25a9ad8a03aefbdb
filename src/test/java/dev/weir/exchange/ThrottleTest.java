package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.exchange.Throttle.Admission;
import dev.weir.policy.Limits;
import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What a network of clients may ask for, by a clock of the test's own. */
class ThrottleTest {
  private final AtomicLong nanos = new AtomicLong();
  private final Throttle throttle = new Throttle(settings(""), nanos::get);

  private static ExchangeSettings settings(String overrides) {
    return ExchangeSettings.from(
        ConfigFactory.parseString(overrides)
            .withFallback(
                ConfigFactory.parseResources("reference/exchange.conf")
                    .resolve()
                    .getConfig("weir.exchange")));
  }

  private Admission admit(Limits limits, String client) {
    return throttle.admit(limits, InetAddress.ofLiteral(client));
  }

  private boolean mayGoOn(Limits limits, String client) {
    return admit(limits, client) instanceof Admission.Admitted;
  }

  @Test
  void addressesOfOneNetworkShareAndOthersHaveTheirOwn() {
    // Given
    Limits limits = new Limits("one", 0, 1, 24, 64);

    // When, Then
    assertThat(mayGoOn(limits, "192.0.2.1")).isTrue();
    assertThat(mayGoOn(limits, "192.0.2.200")).isFalse();
    assertThat(mayGoOn(limits, "192.0.3.1")).isTrue();
    assertThat(mayGoOn(limits, "2001:db8:0:1::1")).isTrue();
    assertThat(mayGoOn(limits, "2001:db8:0:1:ffff::9")).isFalse();
    assertThat(mayGoOn(limits, "2001:db8:0:2::1")).isTrue();
  }

  @Test
  void whoAsksForNothingForAsLongAsTheSettingsSayIsForgotten() {
    // Given: a request that has not ended
    Limits limits = new Limits("one", 0, 1, 32, 64);
    Throttle forgetful = new Throttle(settings("counted-network-for = 1m"), nanos::get);
    InetAddress client = InetAddress.ofLiteral("192.0.2.1");
    assertThat(forgetful.admit(limits, client)).isInstanceOf(Admission.Admitted.class);

    // When
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(59));
    Admission early = forgetful.admit(limits, client);
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(61));
    Admission late = forgetful.admit(limits, client);

    // Then
    assertThat(early).isEqualTo(new Admission.Refused(1));
    assertThat(late).isInstanceOf(Admission.Admitted.class);
  }

  @Test
  void rulesCountEachForThemselves() {
    assertThat(mayGoOn(new Limits("one", 0, 1, 32, 64), "192.0.2.1")).isTrue();
    assertThat(mayGoOn(new Limits("two", 0, 1, 32, 64), "192.0.2.1")).isTrue();
    assertThat(mayGoOn(new Limits("one", 0, 1, 32, 64), "192.0.2.1")).isFalse();
  }

  @Test
  void whatHasEndedMakesRoom() {
    // Given
    Limits limits = new Limits("one", 0, 1, 32, 64);
    Admission.Admitted first = (Admission.Admitted) admit(limits, "192.0.2.1");
    assertThat(admit(limits, "192.0.2.1")).isEqualTo(new Admission.Refused(1));

    // When
    first.ended().run();

    // Then
    assertThat(mayGoOn(limits, "192.0.2.1")).isTrue();
  }

  @Test
  void twoSecondsOfRequestsMayComeAtOnceAndThenSoManyPerSecond() {
    // Given
    Limits limits = new Limits("one", 5, 0, 32, 64);
    for (int i = 0; i < 10; i++) {
      assertThat(mayGoOn(limits, "192.0.2.1")).isTrue();
    }
    assertThat(admit(limits, "192.0.2.1")).isEqualTo(new Admission.Refused(1));

    // When
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));

    // Then
    for (int i = 0; i < 5; i++) {
      assertThat(mayGoOn(limits, "192.0.2.1")).isTrue();
    }
    assertThat(mayGoOn(limits, "192.0.2.1")).isFalse();
  }
}
