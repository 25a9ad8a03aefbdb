package dev.weir.origin;

import static dev.weir.origin.OriginFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tags of container registries that are validated, over sockets. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RegistryTagsTest {
  private static final String DIGEST = "sha256:" + "a".repeat(64);
  private final OriginFixture fixture = new OriginFixture();
  private PekkoOrigins origins;

  @BeforeAll
  void open() {
    origins = fixture.origins("");
  }

  @AfterAll
  void close() {
    fixture.system.terminate();
  }

  /** Only a strong tag says that these very bytes are meant, and only one that is a digest. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"DIGEST\"             | HEAD | 304",
        "W/\"DIGEST\"           | GET  | 200",
        "\"an-etag\"            | GET  | 200",
        "\"DIGEST\", \"other\"  | GET  | 200"
      })
  void tagIsLookedAtWhereItsDigestIsKnown(String condition, String method, int status)
      throws Exception {
    // Given
    try (RawOrigin registry =
        RawOrigin.start(
            peer -> {
              for (String head = peer.head(); head != null; head = peer.head()) {
                peer.say(
                    "HTTP/1.1 200 OK\r\nDocker-Content-Digest: "
                        + DIGEST
                        + "\r\nContent-Length: 5\r\n\r\n"
                        + (head.startsWith("HEAD") ? "" : "hello"));
              }
            })) {
      Headers fields = Headers.of("If-None-Match", condition.replace("DIGEST", DIGEST));
      RequestHead asked =
          new RequestHead("GET", "http", registry.authority(), "/v2/a/manifests/latest", fields);

      // When
      OriginResponse response =
          await(origins.fetch(OriginRequest.of(asked, OriginFixture.TIMEOUTS)));

      // Then
      assertThat(response.head().status()).isEqualTo(status);
      assertThat(fixture.text(response)).isEqualTo(status == 304 ? "" : "hello");
      List<String> heads = List.copyOf(registry.heads());
      assertThat(heads).singleElement().asString().startsWith(method + " ");
    }
  }
}
