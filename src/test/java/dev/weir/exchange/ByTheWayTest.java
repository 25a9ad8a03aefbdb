package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.policy.Policy;
import dev.weir.testing.Answer;
import dev.weir.testing.Eventually;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is learnt from requests that pass the cache by, and what they make it forget. */
class ByTheWayTest {
  private final Rig rig = new Rig(Policy.STANDARD);

  @AfterEach
  void close() {
    rig.close();
  }

  private void stored(String path) throws Exception {
    rig.get(path);
    Eventually.holds(rig::nothingRuns);
  }

  @Test
  void aHeadFreshensWhatIsStored() throws Exception {
    // Given
    rig.origin.on(
        "/page",
        seen ->
            seen.method().equals("HEAD")
                ? Answer.text(200, "page", "Cache-Control", "max-age=1000", "X-New", "1")
                : Answer.text(200, "page", "Cache-Control", "max-age=2", "X-Old", "1"));
    stored("/page");
    rig.pass(3);

    // When
    rig.send("HEAD", "/page");
    Rig.Got hit = rig.get("/page");

    // Then
    assertThat(hit.cacheStatus()).contains("hit");
    assertThat(hit.headers().first("X-New")).isEqualTo("1");
    assertThat(hit.headers().first("X-Old")).isEqualTo("1");
    assertThat(hit.text()).isEqualTo("page");
    assertThat(rig.origin.count("/page")).isEqualTo(2);
  }

  @Test
  void aHeadOfAnotherLengthEndsWhatIsStored() throws Exception {
    // Given
    rig.origin.on(
        "/page",
        seen ->
            Answer.text(
                200,
                seen.method().equals("HEAD") ? "longer page" : "page",
                "Cache-Control",
                "max-age=2, stale-if-error=60"));
    stored("/page");
    rig.pass(3);

    // When
    rig.send("HEAD", "/page");

    // Then
    assertThat(rig.get("/page").cacheStatus()).contains("fwd=miss");
  }

  @Test
  void anAnswerToPostThatIsTheTargetsOwnIsStoredForGets() throws Exception {
    // Given
    rig.origin.on(
        "/form",
        seen ->
            Answer.text(200, "made", "Cache-Control", "max-age=60", "Content-Location", "/form"));

    // When
    Rig.Got post = rig.send("POST", "/form");
    Eventually.holds(rig::nothingRuns);
    Rig.Got get = rig.get("/form");

    // Then
    assertThat(post.text()).isEqualTo("made");
    assertThat(get.cacheStatus()).contains("hit");
    assertThat(get.text()).isEqualTo("made");
    assertThat(rig.origin.count("/form")).isEqualTo(1);
  }

  @Test
  void anAnswerToPostWasStoredThoughItsTargetWasChangedMeanwhile() throws Exception {
    // Given
    AtomicInteger posts = new AtomicInteger();
    rig.origin.on(
        "/form",
        seen -> {
          if (posts.incrementAndGet() > 1) {
            return Answer.text(200, "changed");
          }
          assertThat(rig.send("POST", "/form").text()).isEqualTo("changed");
          return Answer.text(
              200, "made before", "Cache-Control", "max-age=60", "Content-Location", "/form");
        });

    // When
    Rig.Got post = rig.send("POST", "/form");
    Eventually.holds(rig::nothingRuns);

    // Then
    assertThat(post.text()).isEqualTo("made before");
    assertThat(rig.get("/form").cacheStatus()).contains("fwd=miss");
  }

  @Test
  void anyOtherAnswerToPostIsNotStored() throws Exception {
    // Given
    rig.origin.on("/a", seen -> Answer.text(200, "a", "Cache-Control", "max-age=60"));
    rig.origin.on("/b", seen -> Answer.text(200, "b", "Content-Location", "/b"));
    rig.origin.on(
        "/c",
        seen -> Answer.text(200, "c", "Cache-Control", "max-age=60", "Content-Location", "/d"));

    for (String path : new String[] {"/a", "/b", "/c"}) {
      // When
      rig.send("POST", path);

      // Then
      assertThat(rig.get(path).cacheStatus()).contains("fwd=miss");
    }
  }

  @Test
  void onlyAnErrorOfTheOriginItselfLeavesTheTargetAlone() throws Exception {
    for (int status : new int[] {500, 403, 502, 504}) {
      // Given
      String path = "/policy/" + status;
      stored(path);
      rig.origin.overrideStatus(path, status);

      // When
      rig.send("POST", path);
      rig.origin.overrideStatus(path, 0);

      // Then
      String kept = status == 502 || status == 504 ? "fwd=miss" : "hit";
      assertThat(rig.get(path).cacheStatus()).as("after %d", status).contains(kept);
    }
  }

  @Test
  void aTargetWhoseAnswerWasLostIsForgotten() throws Exception {
    // Given
    stored("/policy");
    rig.origin.on(
        "/policy", seen -> seen.method().equals("POST") ? dropped() : Answer.text(200, "x"));

    // When
    Rig.Got post = rig.send("POST", "/policy");

    // Then
    assertThat(post.status()).isEqualTo(502);
    assertThat(rig.get("/policy").cacheStatus()).contains("fwd=miss");
  }

  private static Answer dropped() {
    return new Answer(200, dev.weir.http.Headers.EMPTY, Answer.Framing.DROP, 0, out -> {});
  }

  @Test
  void aTargetedFieldDecidesInPlaceOfCacheControl() throws Exception {
    // Given
    rig.origin.on(
        "/cdn",
        seen ->
            Answer.text(200, "x", "Cache-Control", "no-store", "CDN-Cache-Control", "max-age=60"));
    stored("/cdn");

    // When
    Rig.Got hit = rig.get("/cdn");

    // Then
    assertThat(hit.cacheStatus()).contains("hit;ttl=");
    assertThat(hit.headers().first("CDN-Cache-Control")).isEqualTo("max-age=60");
    assertThat(hit.headers().first("Cache-Control")).isEqualTo("no-store");
  }

  @Test
  void fieldsThatMustNotBeStoredAreForTheClientThatAsked() throws Exception {
    // Given
    rig.origin.on(
        "/mine",
        seen ->
            Answer.text(
                200, "x", "Cache-Control", "max-age=60, private=\"X-Me\"", "X-Me", "secret"));

    // When
    Rig.Got first = rig.get("/mine");
    Eventually.holds(rig::nothingRuns);
    Rig.Got second = rig.get("/mine");

    // Then
    assertThat(first.headers().first("X-Me")).isEqualTo("secret");
    assertThat(second.cacheStatus()).contains("hit");
    assertThat(second.headers().has("X-Me")).isFalse();
  }
}
