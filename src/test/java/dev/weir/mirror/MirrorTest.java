package dev.weir.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.edge.ClientConnection;
import dev.weir.edge.EdgeRequest;
import dev.weir.edge.EdgeResponse;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.policy.Credentials;
import dev.weir.policy.Effects;
import dev.weir.policy.Mount;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What of origins' answers reaches clients, to whom the mirror is one site. */
class MirrorTest {
  private static final ResponseHead HINT =
      new ResponseHead(
          103,
          "Early Hints",
          Headers.of("Link", "</a.css>; rel=preload", "Set-Cookie", "a=b", "Alt-Svc", "clear"));
  private static final ResponseHead ANSWER =
      new ResponseHead(200, "OK", Headers.of("Access-Control-Allow-Origin", "*"));

  private static ActorSystem system;

  private final List<ResponseHead> hints = new ArrayList<>();

  @BeforeAll
  static void start() {
    system = ActorSystem.create("mirror");
  }

  @AfterAll
  static void stop() {
    TestKit.shutdownActorSystem(system);
  }

  private static Mount mount(String name, @Nullable Credentials credentials) {
    Mount.Origin origin =
        new Mount.Origin("https", new Authority("index.example", 443), "/", credentials);
    return new Mount(name, "/" + name + "/", List.of(origin), Set.of(), false, Effects.NONE);
  }

  private Headers answered(String target) {
    List<Mount> mounts =
        List.of(mount("locked", new Credentials("locked", "Bearer x")), mount("open", null));
    Mirror mirror =
        new Mirror(
            MirrorSettings.from(
                ConfigFactory.parseResources("reference/mirror.conf")
                    .resolve()
                    .getConfig("weir.mirror")),
            () -> mounts,
            entrance ->
                request -> {
                  request.interim().accept(HINT);
                  return CompletableFuture.completedFuture(
                      new EdgeResponse.Full(ANSWER, HttpEntities.EMPTY, false));
                },
            Documents.UNTOUCHED,
            Map.of(),
            told -> {},
            SystemMaterializer.get(system).materializer());
    InetSocketAddress nowhere = new InetSocketAddress("127.0.0.1", 1);
    RequestHead head =
        new RequestHead("GET", "http", new Authority("mirror.test", 80), target, Headers.EMPTY);
    return mirror
        .handle(
            new EdgeRequest(
                head,
                HttpEntities.EMPTY,
                new ClientConnection(nowhere, nowhere, null, 1),
                new CompletableFuture<>(),
                hints::add))
        .toCompletableFuture()
        .join()
        .head()
        .headers();
  }

  @Test
  void aHintSaysNoMoreForTheMirrorThanAnAnswerMay() {
    // When
    answered("/h.example/x");

    // Then
    assertThat(hints)
        .containsExactly(HINT.withHeaders(Headers.of("Link", "</a.css>; rel=preload")));
  }

  @Test
  void aPageOfAnyHostIsNoPageOfTheSiteThatHasTheMounts() {
    assertThat(answered("/h.example/x").all("Content-Security-Policy"))
        .singleElement()
        .asString()
        .startsWith("sandbox")
        .doesNotContain("allow-same-origin", "allow-scripts");
    assertThat(answered("/open/x").has("Content-Security-Policy")).isTrue();
  }

  @Test
  void whatNeedsCredentialsAtTheOriginIsNotForPagesOfAnywhere() {
    assertThat(answered("/locked/x").has("Access-Control-Allow-Origin")).isFalse();
    assertThat(answered("/open/x").has("Access-Control-Allow-Origin")).isTrue();
    assertThat(answered("/h.example/x").has("Access-Control-Allow-Origin")).isTrue();
  }
}
