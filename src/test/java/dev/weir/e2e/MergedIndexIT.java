package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Answer;
import dev.weir.testing.Curl;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.WeirProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An internal index and, behind it, one where anybody may put packages: nothing under a name that
 * the internal one has, or might have, may come from the other (dependency confusion).
 */
class MergedIndexIT {
  private static final String JSON = "application/vnd.pypi.simple.v1+json";

  @TempDir private static Path folder;
  private static OriginServer internal;
  private static OriginServer external;
  private static WeirProcess weir;
  private static Curl curl;

  @BeforeAll
  static void start() throws Exception {
    internal = OriginServer.start();
    external = OriginServer.start();
    Path rules =
        Files.writeString(
            folder.resolve("rules.conf"),
            """
            mounts = [
              { name = packages, path = /packages/, circuit-breaker = off, timeouts { read = 1s },
                to = ["http://127.0.0.1:%1$d/simple/", "http://127.0.0.1:%2$d/simple/"] }
              { name = lasting, path = /lasting/, policy = Standard, circuit-breaker = off,
                to = ["http://127.0.0.1:%1$d/simple/", "http://127.0.0.1:%2$d/simple/"] }
              { name = whole, path = /whole/,
                to = ["http://127.0.0.1:%1$d/", "http://127.0.0.1:%2$d/"] }
              { name = npm, path = /npm/, merge = npm, policy = Standard, circuit-breaker = off,
                to = ["http://127.0.0.1:%1$d/npm/", "http://127.0.0.1:%2$d/npm/"] }
            ]
            """
                .formatted(internal.port(), external.port()));
    weir =
        WeirProcess.start(
            folder.resolve("data"),
            "256m",
            "--mode=mirror",
            "--mirror-hosts=none",
            "--policy-file=" + rules,
            "--health-port=0");
    curl = new Curl("");
  }

  @AfterAll
  static void stop() {
    weir.close();
    internal.close();
    external.close();
  }

  @BeforeEach
  void serve() {
    for (String name : new String[] {"ours", "theirs", "both-of-us", "new", "stale", "late"}) {
      boolean isOurs = !name.equals("theirs") && !name.equals("new");
      put(internal, name, isOurs ? page("internal", name) : missing());
      put(external, name, name.equals("ours") ? missing() : page("external", name));
      internal.on("/simple/" + name + "/gone.whl", seen -> missing());
      external.on("/simple/" + name + "/gone.whl", seen -> Answer.text(200, "a stranger's"));
    }
    external.on("/simple/", seen -> Answer.text(200, "all of theirs"));
    internal.on("/simple/", seen -> missing());
  }

  @AfterEach
  void forget() {
    internal.reset();
    external.reset();
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/html", JSON, "*/*", JSON + ", text/html;q=0.1"})
  void aNameThatTheFirstHasHidesTheOthersWholly(String accept) throws Exception {
    // When
    ProxyClient.Response page = get("/packages/both-of-us/", "-HAccept: " + accept);
    ProxyClient.Response theirs = get("/packages/theirs/", "-HAccept: " + accept);
    ProxyClient.Response file = get("/packages/both-of-us/gone.whl", "-HAccept: " + accept);

    // Then
    assertThat(page.text()).contains("internal");
    assertThat(theirs.text()).contains("external");
    assertThat(file.status()).isEqualTo(404);
    assertThat(get("/packages/theirs/gone.whl").text()).isEqualTo("a stranger's");
    assertThat(external.seen()).noneMatch(seen -> seen.path().contains("both-of-us"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Both.Of_Us/", "both--of-us", "both%2Dof%2Dus/", "BOTH-OF-US/"})
  void noSpellingOfANameLeadsPastTheFirst(String spelling) throws Exception {
    // When
    ProxyClient.Response moved = get("/packages/" + spelling);
    // Then
    assertThat(moved.status()).isEqualTo(308);
    assertThat(moved.header("Location")).isEqualTo("/packages/both-of-us/");
    assertThat(external.seen()).isEmpty();
  }

  /** One that speaks no JSON may answer 404 to who asks for nothing else. */
  @Test
  void aFirstThatHasThePageInTheOtherFormOnlyHidesTheNameToo() throws Exception {
    // Given
    internal.on(
        "/simple/late/",
        seen -> seen.header("Accept").contains("text/html") ? page("internal", "late") : missing());
    // When
    ProxyClient.Response json = get("/packages/late/", "-HAccept: " + JSON);
    ProxyClient.Response head = get("/packages/late/", "-HAccept: " + JSON, "--head");
    // Then
    assertThat(json.status()).isEqualTo(404);
    assertThat(head.status()).isEqualTo(404);
    assertThat(external.seen()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 500, 502, 503, 504})
  void whileTheFirstFailsNobodyElseIsAsked(int status) throws Exception {
    // Given
    internal.overrideStatus("/simple/theirs/", status);
    internal.overrideStatus("/simple/unseen/", status);
    internal.overrideStatus("/simple/unseen/x.whl", 404);
    // When
    ProxyClient.Response page = get("/packages/theirs/?" + status);
    ProxyClient.Response unseen = get("/packages/unseen/");
    ProxyClient.Response file = get("/packages/unseen/x.whl");
    // Then
    assertThat(page.status()).isEqualTo(503);
    assertThat(unseen.status()).isEqualTo(503);
    assertThat(file.status()).isEqualTo(503);
    assertThat(external.seen()).isEmpty();
  }

  @Test
  void aFirstThatDoesNotAnswerInTimeIsNotPassedBy() throws Exception {
    // Given
    internal.overrideDelay("/simple/theirs/", 5000);
    // Then
    assertThat(get("/packages/theirs/?slow").status()).isEqualTo(503);
    assertThat(external.seen()).isEmpty();
  }

  @Test
  void aStoredInternalPageStandsInAndHidesTheNameWhileTheFirstIsDown() throws Exception {
    // Given
    assertThat(get("/packages/stale/").text()).contains("internal");
    Eventually.holds(() -> get("/packages/stale/").header("Cache-Status").contains("stale"));
    internal.refuse();
    try {
      // When
      ProxyClient.Response page = get("/packages/stale/");
      ProxyClient.Response file = get("/packages/stale/gone.whl");
      ProxyClient.Response never = get("/packages/new/");
      // Then
      assertThat(page.text()).contains("internal");
      assertThat(file.status()).isEqualTo(503);
      assertThat(never.status()).isEqualTo(503);
      assertThat(external.seen()).isEmpty();
    } finally {
      internal.accept();
    }
  }

  /** A 404 that is kept is not the first's word of now: the name may have come since. */
  @Test
  void aStoredAbsenceOpensNothing() throws Exception {
    // Given
    put(internal, "new", Answer.text(404, "no", "Cache-Control", "max-age=3600"));
    assertThat(get("/lasting/new/").text()).as(weir.log()).contains("external");
    assertThat(get("/lasting/new/").text()).as(weir.log()).contains("external");
    external.reset();

    // When
    internal.refuse();
    ProxyClient.Response down = get("/lasting/new/");
    internal.accept();
    put(internal, "new", page("internal", "new"));
    ProxyClient.Response since = get("/lasting/new/");

    // Then
    assertThat(down.status()).isEqualTo(503);
    assertThat(since.status()).as(weir.log()).isEqualTo(404);
    assertThat(external.seen()).isEmpty();
  }

  @Test
  void theListOfAllIsTheFirstsAlone() throws Exception {
    assertThat(get("/packages/").status()).isEqualTo(404);
    assertThat(get("/whole/simple/").status()).isEqualTo(404);
    assertThat(external.seen()).isEmpty();
  }

  @Test
  void anIndexBelowAMountIsMergedByNamesToo() throws Exception {
    // Given
    external.on("/other/file", seen -> Answer.text(200, "by its path"));
    internal.on("/other/file", seen -> missing());
    // Then
    assertThat(get("/whole/other/file").text()).isEqualTo("by its path");
    assertThat(get("/whole/simple/theirs/").text()).contains("external");
    assertThat(get("/whole/simple/Both_of.us/").header("Location"))
        .isEqualTo("/whole/simple/both-of-us/");
    assertThat(get("/whole/simple/both-of-us/gone.whl").status()).isEqualTo(404);
  }

  /** Pages may link to files beside the index: one that is missing was looked for outside. */
  @Test
  void aFileBesideTheIndexIsNotLookedForOutsideWhereItsProjectIsInside() throws Exception {
    // Given
    String theirs = "/files/theirs-1.0.tar.gz";
    internal.on(theirs, seen -> missing());
    external.on(theirs, seen -> Answer.text(200, "a stranger's"));
    for (String file : new String[] {"both_of_us-1.0-py3-none-any.whl", "both-of-us-1.0.tar.gz"}) {
      internal.on("/files/" + file, seen -> missing());
      external.on("/files/" + file, seen -> Answer.text(200, "a stranger's"));
      for (String project : new String[] {"both", "both-of"}) {
        put(internal, project, missing());
      }
      // When
      ProxyClient.Response missing = get("/whole/files/" + file);
      // Then
      assertThat(missing.status()).isEqualTo(404);
    }
    assertThat(external.seen()).isEmpty();
    assertThat(get("/whole" + theirs).text()).isEqualTo("a stranger's");
  }

  /** It was: by its path, though its package is there. */
  @ParameterizedTest
  @ValueSource(strings = {"/npm/", "/whole/npm/"})
  void aTarballIsNotLookedForOutsideWhereItsPackageIsInside(String mount) throws Exception {
    // Given
    packages();
    // When
    ProxyClient.Response ours = get(mount + "ours/-/ours-2.0.0.tgz");
    ProxyClient.Response scoped = get(mount + "@us/kit/-/kit-2.0.0.tgz");
    // Then
    assertThat(ours.status()).isEqualTo(404);
    assertThat(scoped.status()).isEqualTo(404);
    assertThat(external.seen()).isEmpty();
    assertThat(get(mount + "theirs/-/theirs-2.0.0.tgz").text()).isEqualTo("a stranger's");
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 429, 500, 503})
  void whileTheFirstRegistryFailsNoTarballComesFromTheNext(int status) throws Exception {
    // Given
    packages();
    internal.overrideStatus("/npm/theirs", status);
    // When
    ProxyClient.Response tarball = get("/npm/theirs/-/theirs-2.0.0.tgz");
    ProxyClient.Response packument = get("/npm/theirs?" + status);
    // Then
    assertThat(tarball.status()).isEqualTo(503);
    assertThat(packument.status()).isEqualTo(status == 401 || status == 403 ? status : 503);
    assertThat(external.seen()).isEmpty();
  }

  @Test
  void whileTheFirstRegistryIsDownNothingComesFromTheNext() throws Exception {
    // Given
    packages();
    internal.refuse();
    try {
      // When // Then
      assertThat(get("/npm/theirs").status()).isEqualTo(503);
      assertThat(get("/npm/theirs/-/theirs-2.0.0.tgz").status()).isEqualTo(503);
      assertThat(external.seen()).isEmpty();
    } finally {
      internal.accept();
    }
  }

  /** A 404 that is kept, or to another spelling, is not the registry's word about the name. */
  @Test
  void aPackumentComesFromTheNextRegistryOnlyByTheWordOfTheFirst() throws Exception {
    // Given
    packages();
    internal.on("/npm/new", seen -> Answer.text(404, "no", "Cache-Control", "max-age=3600"));
    external.on("/npm/new", seen -> packument("external"));
    external.on("/npm/@us/kit", seen -> packument("external"));
    assertThat(get("/npm/new").text()).contains("external");
    assertThat(get("/npm/new").text()).contains("external");
    external.reset();

    // When
    internal.on("/npm/new", seen -> packument("internal"));
    ProxyClient.Response since = get("/npm/new");
    ProxyClient.Response otherwise = get("/npm/@us/kit");

    // Then
    assertThat(since.status()).isEqualTo(404);
    assertThat(otherwise.status()).isEqualTo(404);
    assertThat(get("/npm/@us%2fkit").text()).contains("internal");
    assertThat(get("/npm/-/all").status()).isEqualTo(404);
    assertThat(get("/npm/a%20b").status()).isEqualTo(404);
    assertThat(external.seen()).isEmpty();
  }

  /** Two packages of ours, of which a stranger has a later version, and one of theirs. */
  private static void packages() {
    internal.on("/npm/ours", seen -> packument("internal"));
    internal.on("/npm/@us%2fkit", seen -> packument("internal"));
    for (String missing :
        new String[] {
          "/npm/theirs",
          "/npm/@us/kit",
          "/npm/-/all",
          "/npm/theirs/-/theirs-2.0.0.tgz",
          "/npm/ours/-/ours-2.0.0.tgz",
          "/npm/@us/kit/-/kit-2.0.0.tgz"
        }) {
      internal.on(missing, seen -> missing());
    }
    for (String tarball :
        new String[] {
          "/npm/theirs/-/theirs-2.0.0.tgz",
          "/npm/ours/-/ours-2.0.0.tgz",
          "/npm/@us/kit/-/kit-2.0.0.tgz"
        }) {
      external.on(tarball, seen -> Answer.text(200, "a stranger's"));
    }
  }

  private static Answer packument(String whose) {
    return Answer.text(200, "{\"name\":\"" + whose + "\"}", "Content-Type", "application/json");
  }

  @Test
  void whatTheMirrorAnswersItselfIsInTheLog() throws Exception {
    // When
    ProxyClient.Response bad = get("/packages/..%2fx/");
    ProxyClient.Response posted = get("/packages/both-of-us/", "-XPOST");
    // Then
    assertThat(bad.status()).isEqualTo(400);
    assertThat(posted.status()).isEqualTo(405);
    Eventually.holds(
        () ->
            weir.log().contains(bad.header("X-Request-ID"))
                && weir.log().contains(posted.header("X-Request-ID")));
    assertThat(weir.log()).contains("405 mirror", "400 mirror");
  }

  private static ProxyClient.Response get(String path, String... more) throws Exception {
    return curl.fetch(weir.proxyUrl() + path, more);
  }

  private static void put(OriginServer index, String name, Answer page) {
    index.on("/simple/" + name + "/", seen -> page);
  }

  private static Answer missing() {
    return Answer.text(404, "no such thing\n", "Content-Type", "text/plain");
  }

  private static Answer page(String whose, String name) {
    return Answer.text(
        200,
        "<!DOCTYPE html><html><body><a href=\"%1$s-1.0.whl\">%2$s</a></body></html>"
            .formatted(name, whose),
        "Content-Type",
        "text/html");
  }
}
