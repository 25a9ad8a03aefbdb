package dev.weir.origin;

import static dev.weir.origin.OriginFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Whom the credentials of a mount are shown to when registries ask for tokens, over sockets. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RegistryTokensTest {
  private static final String BLOB = "/v2/team/app/blobs/sha256:" + "a".repeat(64);
  private static final Authority SERVICE = new Authority("127.0.0.1", 9);

  private final OriginFixture fixture = new OriginFixture();

  /** Where TLS was to be spoken: token services are https, and nothing else here is. */
  private final List<Authority> secured = new CopyOnWriteArrayList<>();

  private PekkoOrigins origins;

  @BeforeAll
  void open() {
    ClientEngines noting =
        new ClientEngines() {
          @Override
          public SSLEngine engine(String host, int port) {
            secured.add(new Authority(host, port));
            throw new IllegalStateException("no TLS here");
          }

          @Override
          public String explain(Throwable failure) {
            return "no TLS here";
          }
        };
    origins = fixture.origins("", noting, System::nanoTime);
  }

  @AfterAll
  void close() {
    fixture.system.terminate();
  }

  private static RawOrigin wanting() throws Exception {
    return RawOrigin.answering(
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"https://%s/token\"\r\n"
                .formatted(SERVICE.text("https"))
            + "Content-Length: 0\r\n\r\n");
  }

  private OriginResponse ask(RawOrigin registry) throws Exception {
    Headers fields = Headers.of("Authorization", "Basic dXNlcjpzZWNyZXQ=");
    OriginTerms terms =
        new OriginTerms(
            CircuitTerms.DEFAULT, null, 5, new OriginTerms.Manner("mount", Set.of(), false));
    RequestHead head = new RequestHead("GET", "http", registry.authority(), BLOB, fields);
    return await(origins.fetch(OriginRequest.of(head, OriginFixture.TIMEOUTS).on(terms)));
  }

  @Test
  void aHostThatTheRegistryRedirectsToHasThemShownToNobody() throws Exception {
    // Given
    secured.clear();
    try (RawOrigin stranger = wanting();
        RawOrigin registry =
            RawOrigin.answering(
                "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://%s/blob\r\n"
                        .formatted(stranger.authority().text("http"))
                    + "Content-Length: 0\r\n\r\n")) {
      // When
      OriginResponse answer = ask(registry);

      // Then
      assertThat(answer.head().status()).isEqualTo(401);
      assertThat(stranger.heads()).singleElement().asString().doesNotContain("Authorization");
      assertThat(secured).isEmpty();
      fixture.text(answer);
    }
  }

  @Test
  void theRegistryItselfNamesItsService() throws Exception {
    // Given
    secured.clear();
    try (RawOrigin registry = wanting()) {
      // When
      OriginResponse answer = ask(registry);

      // Then
      assertThat(answer.head().status()).isEqualTo(401);
      assertThat(secured).containsOnly(SERVICE);
      fixture.text(answer);
    }
  }
}
