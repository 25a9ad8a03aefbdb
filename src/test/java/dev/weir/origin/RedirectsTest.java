package dev.weir.origin;

import static dev.weir.origin.OriginFixture.await;
import static dev.weir.origin.OriginFixture.failure;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Redirects followed on behalf of a rule, over sockets. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RedirectsTest {
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

  private static String redirect(String location) {
    return "HTTP/1.1 302 Found\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n";
  }

  private static RawOrigin answering(String response) throws Exception {
    return RawOrigin.start(
        peer -> {
          while (peer.head() != null) {
            peer.say(response);
          }
        });
  }

  private static RawOrigin welcoming() throws Exception {
    return answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  }

  private static OriginRequest request(Authority authority, String method, int redirects) {
    Headers fields =
        Headers.of("Authorization", "Bearer s", "Cookie", "a=b", "Accept", "text/plain");
    return OriginRequest.of(
            new RequestHead(method, "http", authority, "/start", fields), OriginFixture.TIMEOUTS)
        .on(new OriginTerms(CircuitTerms.DEFAULT, null, redirects));
  }

  @Test
  void credentialsStayWithTheHostTheyAreFor() throws Exception {
    try (RawOrigin second = welcoming();
        RawOrigin first =
            answering(redirect("http://127.0.0.1:" + second.authority().port() + "/there?x=1"))) {
      // When
      OriginResponse response = await(origins.fetch(request(first.authority(), "GET", 5)));

      // Then
      assertThat(fixture.text(response)).isEqualTo("hello");
      assertThat(first.heads().getFirst()).contains("Authorization: Bearer s", "Cookie: a=b");
      assertThat(second.heads().getFirst())
          .startsWith("GET /there?x=1 HTTP/1.1\r\n")
          .contains("Accept: text/plain");
      assertThat(second.heads().getFirst().toLowerCase(Locale.ROOT))
          .contains("host: 127.0.0.1:" + second.authority().port())
          .doesNotContain("authorization", "cookie");
    }
  }

  @Test
  void onTheSameHostTheyAreSentOn() throws Exception {
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              peer.head();
              peer.say(redirect("there"));
              peer.head();
              peer.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            })) {
      OriginResponse response = await(origins.fetch(request(origin.authority(), "GET", 5)));
      assertThat(response.head().status()).isEqualTo(200);
      assertThat(origin.heads().getLast())
          .startsWith("GET /there HTTP/1.1\r\n")
          .contains("Authorization: Bearer s");
      fixture.text(response);
    }
  }

  /** What no URL may hold is in URLs all the same, of clients and of servers. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "/start?a|b{1}&c=%zz there /there",
        "/old|dir/start there /old%7Cdir/there",
        "/start /a|b{c}^`[1]?d[]=|%2f /a%7Cb%7Bc%7D%5E%60%5B1%5D?d[]=%7C%2f",
        "/start /caf\u00e9/50% /caf%E9/50%25",
        "/start \\\\evil.example\\x /%5C%5Cevil.example%5Cx",
        "/start ?q=[1] /start?q=[1]",
      })
  void oddCharactersDoNotEndTheWay(String first, String location, String then) throws Exception {
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              peer.head();
              peer.say(redirect(location));
              peer.head();
              peer.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            })) {
      OriginRequest request = request(origin.authority(), "GET", 5);
      OriginRequest asked =
          OriginRequest.of(
                  new RequestHead(
                      "GET", "http", origin.authority(), first, request.head().headers()),
                  OriginFixture.TIMEOUTS)
              .on(request.terms());

      // When
      OriginResponse response = await(origins.fetch(asked));

      // Then
      assertThat(response.head().status()).isEqualTo(200);
      assertThat(origin.heads().getLast()).startsWith("GET " + then + " HTTP/1.1\r\n");
      fixture.text(response);
    }
  }

  @Test
  void aCircleIsLeftAtOnce() throws Exception {
    try (RawOrigin origin = answering(redirect("/start"))) {
      OriginFailure failure = failure(origins.fetch(request(origin.authority(), "GET", 5)));
      assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.BAD_RESPONSE);
      assertThat(failure).hasMessageContaining("circle");
      assertThat(origin.heads()).hasSize(1);
    }
  }

  @Test
  void afterTheLastAllowedHopTheRedirectIsTheAnswer() throws Exception {
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              for (int i = 0; peer.head() != null; i++) {
                peer.say(redirect("/" + i));
              }
            })) {
      OriginResponse response = await(origins.fetch(request(origin.authority(), "GET", 3)));
      assertThat(response.head().status()).isEqualTo(302);
      assertThat(origin.heads()).hasSize(4);
      fixture.text(response);
    }
  }

  @Test
  void everyHopPassesTheEgressGate() throws Exception {
    try (RawOrigin origin = answering(redirect("http://169.254.169.254/latest/meta-data/"))) {
      OriginFailure failure = failure(origins.fetch(request(origin.authority(), "GET", 5)));
      assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.EGRESS_DENIED);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ftp://127.0.0.1/x",
        "http://user:secret@127.0.0.1/x",
        "http://127.0.0.1:99999/x",
        "http:///x",
        "file:///etc/passwd",
        "http://[::1/x",
        "/a b"
      })
  void whatCannotBeFollowedIsTheAnswer(String location) throws Exception {
    try (RawOrigin origin = answering(redirect(location))) {
      OriginResponse response = await(origins.fetch(request(origin.authority(), "GET", 5)));
      assertThat(response.head().status()).isEqualTo(302);
      assertThat(response.head().headers().first("Location")).isEqualTo(location);
      fixture.text(response);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "DELETE", "PUT"})
  void whatActsIsNeverSentOn(String method) throws Exception {
    try (RawOrigin origin = answering(redirect("/elsewhere"))) {
      OriginResponse response = await(origins.fetch(request(origin.authority(), method, 5)));
      assertThat(response.head().status()).isEqualTo(302);
      fixture.text(response);
    }
  }

  @Test
  void withoutARuleNothingIsFollowed() throws Exception {
    try (RawOrigin origin = answering(redirect("/elsewhere"))) {
      OriginResponse response = await(origins.fetch(request(origin.authority(), "GET", 0)));
      assertThat(response.head().status()).isEqualTo(302);
      fixture.text(response);
    }
  }
}
