package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.policy.Policy;
import dev.weir.testing.Answer;
import dev.weir.testing.Eventually;
import dev.weir.testing.Seen;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whether what an origin said lets the next request have the same response: the families of rules
 * that public caching suites ask about, from request to request.
 */
final class ReuseTest {
  private static final String TARGET = "/page";

  private final AtomicInteger answers = new AtomicInteger();
  private Rig rig;

  @BeforeEach
  void start() {
    rig = new Rig(Policy.STANDARD);
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  private void origin(int status, String... fields) {
    rig.origin.on(TARGET, seen -> answer(status, fields));
  }

  private Answer answer(int status, String... fields) {
    String body = Integer.toString(answers.incrementAndGet());
    return Answer.of(status, Headers.of(fields), body.getBytes(StandardCharsets.UTF_8));
  }

  private Rig.Got get(String... headers) throws Exception {
    Rig.Got got = rig.get(TARGET, headers);
    Eventually.holds(rig::nothingRuns);
    return got;
  }

  /** Fields as they stand in a head, parted by {@code #}. */
  private static String[] fields(String text) {
    return List.of(text.split("#")).stream()
        .flatMap(line -> List.of(line.split(":", 2)).stream())
        .map(String::strip)
        .toArray(String[]::new);
  }

  /** The origin never saw it, so its answer is not for those who really send it. */
  @Test
  void aFieldThatConnectionNamesChoosesNoVariantForOthers() throws Exception {
    // Given
    rig.origin.on(
        TARGET,
        seen ->
            Answer.text(
                200,
                "for " + seen.header("X-Form"),
                "Cache-Control",
                "max-age=60",
                "Vary",
                "X-Form"));
    Rig.Got named = get("X-Form", "plain", "Connection", "X-Form");

    // When
    Rig.Got sent = get("X-Form", "plain");

    // Then
    assertThat(named.text()).isEqualTo("for null");
    assertThat(sent.text()).isEqualTo("for plain");
    assertThat(get("X-Form", "plain").cacheStatus()).contains("hit");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // RFC 9213
        "CDN-Cache-Control: max-age=3600 | true",
        "CDN-Cache-Control: max-age=2147483648 | true",
        "CDN-Cache-Control: max-age=99999999999 | true",
        "CDN-Cache-Control: unheard-of, max-age=3600 | true",
        "CDN-Cache-Control: max-age=3600 # Expires: 0 | true",
        "CDN-Cache-Control: max-age=3600 # Cache-Control: max-age=1 | true",
        "CDN-Cache-Control: max-age=3600 # Cache-Control: no-store | true",
        "CDN-Cache-Control: max-age=3600 # Age: 7200 | false",
        "CDN-Cache-Control: max-age=0 # Expires: Thu, 18 Aug 2050 02:01:18 GMT | false",
        "CDN-Cache-Control: max-age=1 # Cache-Control: max-age=3600 | false",
        "CDN-Cache-Control: private # Cache-Control: max-age=3600 | false",
        "CDN-Cache-Control: no-cache # Cache-Control: max-age=3600 | false",
        "CDN-Cache-Control: no-store # Cache-Control: max-age=3600 | false",
        "CDN-Cache-Control: max-age=3600, &&& # Cache-Control: no-store | false",
        "CDN-Cache-Control: max-age=\"3600\" # Cache-Control: no-store | false",
        "CDN-Cache-Control: max-age =100 # Cache-Control: max-age=1 | false",
        // RFC 9111 5.1
        "Cache-Control: max-age=3600 # Age: many | true",
        "Cache-Control: max-age=3600 # Age: -7200 | true",
        "Cache-Control: max-age=3600 # Age: 7200.0 | true",
        "Cache-Control: max-age=3600 # Age: 0, 7200 | true",
        "Cache-Control: max-age=3600 # Age: 0 # Age: 7200 | true",
        "Cache-Control: max-age=3600 # Age: 7200, 0 | false",
        "Cache-Control: max-age=3600 # Age: 7200 # Age: 0 | false",
        "Cache-Control: max-age=3600 # Age: 2147483647 | false",
        "Cache-Control: max-age=3600 # Age: 2147483649 | false",
        // 4.1
        "Cache-Control: max-age=3600 # Vary: Accept-Language # Vary: * | false",
        "Cache-Control: max-age=3600 # Vary: , * | false",
        "Cache-Control: max-age=3600 # Vary: Accept-Language, * | false",
        // 5.3
        "Expires: Thursday, 18-Aug-50 02:01:18 GMT | true",
        "Expires: Thu Aug  8 02:01:18 2050 | true",
        "Expires: THU, 18 AUG 2050 02:01:18 gmt | true",
        "Expires: Thu, 18 Aug 2050 02:01:18 UTC | false",
        "Expires: Thu, 18 Aug 50 02:01:18 GMT | false",
        "Expires: Thu, 18-Aug-2050 02:01:18 GMT | false",
        "Expires: Thu, 18 Aug 2050 2:01:18 GMT | false",
      })
  void isReusedIfTheOriginSaidSo(String said, boolean reused) throws Exception {
    // Given
    origin(200, fields(said));
    get();
    rig.pass(3);

    // When
    Rig.Got again = get();

    // Then
    assertThat(again.text()).isEqualTo(reused ? "1" : "2");
  }

  @ParameterizedTest
  @CsvSource({"200, 1", "599, 2"})
  void mustUnderstandStoresWhatIsUnderstood(int status, String second) throws Exception {
    // Given
    origin(status, "Cache-Control", "max-age=3600, no-store, must-understand");
    get();

    // When
    Rig.Got again = get();

    // Then
    assertThat(again.text()).isEqualTo(second);
  }

  @Test
  void whatBackgroundValidationBroughtIsBoundByItsOwnDirectives() throws Exception {
    // Given
    origin(200, "Cache-Control", "max-age=1, stale-while-revalidate=4", "ETag", "\"a\"");
    get();
    origin(200, "Cache-Control", "no-cache", "ETag", "\"b\"");
    rig.pass(3);

    // When
    Rig.Got stale = get();
    Eventually.holds(() -> answers.get() == 2 && rig.nothingRuns());
    Rig.Got after = get();

    // Then
    assertThat(stale.text()).isEqualTo("1");
    assertThat(after.text()).isEqualTo("3");
    assertThat(rig.origin.seen(TARGET).getLast().header("If-None-Match")).isEqualTo("\"b\"");
  }

  @Test
  void theTagOfAnotherVariantIsNotValidated() throws Exception {
    // Given
    origin(200, "Cache-Control", "max-age=3600", "ETag", "\"a\"", "Vary", "Abc");
    get("Abc", "123");

    // When
    get("Abc", "456");

    // Then
    Seen last = rig.origin.seen(TARGET).getLast();
    assertThat(rig.origin.count(TARGET)).isEqualTo(2);
    assertThat(last.header("If-None-Match")).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"must-revalidate", "proxy-revalidate", "no-cache", "s-maxage=2"})
  void aLostConnectionDoesNotMakeWhatForbidsItServedStale(String directive) throws Exception {
    // Given
    origin(200, "Cache-Control", "max-age=2, " + directive);
    get();
    rig.pass(3);
    rig.origin.on(TARGET, seen -> Answer.drop());

    // When
    Rig.Got got = get();

    // Then
    assertThat(got.status()).isBetween(502, 504);
    assertThat(got.text()).isNotEqualTo("1");
  }
}
