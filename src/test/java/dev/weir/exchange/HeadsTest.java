package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Heads on their way to origins, and the references that come back. */
final class HeadsTest {
  private static final RequestHead REQUEST =
      new RequestHead(
          "HEAD",
          "https",
          new Authority("origin.test", 443),
          "/a/b?c",
          Headers.of(
              "Host", "origin.test",
              "x-weir-anything", "1",
              "X-PASSSAGE-policy", "NoCache",
              "X-Weird", "kept",
              "Range", "bytes=0-",
              "If-Modified-Since", "yesterday",
              "Expect", "100-continue",
              "Accept-Encoding", "gzip;q=0.5, br"));

  @Test
  void aFetchForEverybodyHoldsNothingOfOneClientsMoment() {
    // When
    RequestHead sent = new OriginHeads("weir").fetching(REQUEST);

    // Then
    assertThat(sent.method()).isEqualTo("GET");
    assertThat(sent.target()).isEqualTo("/a/b?c");
    assertThat(sent.headers())
        .isEqualTo(
            Headers.of(
                "Host", "origin.test",
                "X-Weird", "kept",
                "Accept-Encoding", "gzip;q=0.5, br",
                "Via", "1.1 weir"));
  }

  @Test
  void aPassedRequestStaysWhatItWas() {
    // When
    RequestHead sent = new OriginHeads("weir").passing(REQUEST);

    // Then
    assertThat(sent.method()).isEqualTo("HEAD");
    assertThat(sent.headers().has("Range")).isTrue();
    assertThat(sent.headers().has("If-Modified-Since")).isTrue();
    assertThat(sent.headers().has("X-Weir-Anything")).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "/x,                          https://origin.test/x",
    "y?z,                         https://origin.test/a/y?z",
    "https://origin.test,         https://origin.test/",
    "https://ORIGIN.test:443/%7e, https://origin.test/%7e",
    "https://origin.test:444/x,   ",
    "http://origin.test/x,        ",
    "https://other.test/x,        ",
    "ht tp://,                    ",
  })
  void onlyReferencesOfTheSameOriginCount(String reference, String url) {
    // When
    RequestHead target = Targets.sameOrigin(REQUEST, reference);

    // Then
    assertThat(target == null ? null : target.url()).isEqualTo(url);
  }
}
