package dev.weir.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.policy.CacheKeys;
import dev.weir.policy.Effects;
import dev.weir.policy.Mount;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MirrorTargetTest {
  private static final List<Mount> MOUNTS =
      List.of(mount("pypi", "/pypi/"), mount("inner", "/pypi/inner/"), mount("deep", "/a/b/"));

  private static Mount mount(String name, String path) {
    Mount.Origin origin =
        new Mount.Origin("https", new Authority("index.example", 443), "/simple/", null);
    return new Mount(name, path, List.of(origin), Set.of(), false, Effects.NONE);
  }

  private static MirrorTarget read(String target) {
    return MirrorTarget.read(target, MOUNTS, List.of("v2"));
  }

  @ParameterizedTest
  @CsvSource({
    "/example.com/, example.com, 443, /",
    "/example.com/a/b?x=1&y, example.com, 443, /a/b?x=1&y",
    "/Example.COM/A, example.com, 443, /A",
    "/example.com:8443/a, example.com, 8443, /a",
    "/[2001:db8::1]:8443/a, 2001:db8::1, 8443, /a",
    "/192.0.2.1/a, 192.0.2.1, 443, /a",
    "/example.com//a//b, example.com, 443, //a//b",
    "/example.com/@scope%2fname, example.com, 443, /@scope%2fname",
    "/example.com/%41%7e~+;=!, example.com, 443, /%41%7e~+;=!",
    "/example.com/a..b/...c/..d, example.com, 443, /a..b/...c/..d",
    "/example.com/a..;b/...;c/;../x;.., example.com, 443, /a..;b/...;c/;../x;..",
    "/example.com/%E4%BD%A0, example.com, 443, /%E4%BD%A0",
    "/example.com/a?../..//%00, example.com, 443, /a?../..//%00",
    "/example.com/?https://other.example/, example.com, 443, /?https://other.example/",
    "/v2.example/x, v2.example, 443, /x",
    "/pypix/y, pypix, 443, /y",
  })
  void aPathIsAHostAndATargetByteForByte(String target, String host, int port, String rest) {
    assertThat(read(target)).isEqualTo(new MirrorTarget.Place(new Authority(host, port), rest));
  }

  @ParameterizedTest
  @CsvSource({
    "/pypi/, pypi, ''",
    "/pypi/left/1.whl?x, pypi, left/1.whl?x",
    "/pypi//x, pypi, /x",
    "/pypi/inner/y, inner, y",
    "/a/b/c%2Fd, deep, c%2Fd",
  })
  void theLongestMountTakesWhatIsBelowIt(String target, String mount, String rest) {
    assertThat(read(target))
        .isInstanceOfSatisfying(
            MirrorTarget.Below.class,
            below -> {
              assertThat(below.mount().name()).isEqualTo(mount);
              assertThat(below.rest()).isEqualTo(rest);
            });
  }

  @ParameterizedTest
  @CsvSource({"/pypi, /pypi/", "/pypi?x=1, /pypi/?x=1", "/a/b, /a/b/"})
  void aMountWithoutItsSlashHasMoved(String target, String location) {
    assertThat(read(target)).isEqualTo(new MirrorTarget.Moved(location));
  }

  @Test
  void healthAndRoomsAreAnsweredElsewhere() {
    assertThat(read("/health")).isEqualTo(new MirrorTarget.Health());
    assertThat(read("/health?x")).isEqualTo(new MirrorTarget.Health());
    assertThat(read("/v2/library/app/manifests/latest")).isEqualTo(new MirrorTarget.Room("v2"));
    assertThat(read("/v2/")).isEqualTo(new MirrorTarget.Room("v2"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*",
        "/",
        "//",
        "//a",
        "/example.com",
        "/example.com?x=/",
        "/:443/a",
        "/example.com:/a",
        "/example.com:0/a",
        "/example.com:65536/a",
        "/example.com:443:443/a",
        "/example.com:+80/a",
        "/example.com:8o/a",
        "/user@example.com/a",
        "/user:secret@example.com/a",
        "/example.com%2Fa/b",
        "/example.com%00/b",
        "/%65xample.com/b",
        "/example..com/b",
        "/.example.com/b",
        "/exa mple.com/b",
        "/[::1/a",
        "/[::1]x/a",
        "/[fe80::1%25eth0]/a",
        "/example.com\\evil/a",
        "/http:/example.com/a",
        "/https://example.com/a",
        // addresses in other clothes
        "/0x7f000001/a",
        "/0x7f.1/a",
        "/2130706433/a",
        "/017700000001/a",
        "/0177.0.0.1/a",
        "/127.1/a",
        "/127.0.0.01/a",
        "/256.1.1.1/a",
        "/1.2.3.4.5/a",
        // paths that servers read in several ways
        "/example.com/../a",
        "/example.com/./a",
        "/example.com/a/..",
        "/example.com/a/.",
        "/example.com/%2e%2e/a",
        "/example.com/.%2E/a",
        "/example.com/a%2f..%2fb",
        "/example.com/..%5cb",
        "/example.com/..\\b",
        "/example.com/..;/a",
        "/example.com/a/..;x=y/b",
        "/example.com/.;/a",
        "/example.com/%2e%2e%3b/a",
        "/pypi/..;/other/a",
        "/example.com/a%00b",
        "/example.com/a%0d%0aX:y",
        "/example.com/a%7f",
        "/example.com/%c0%ae%c0%ae/a",
        "/example.com/%c1%9c",
        "/example.com/%e0%80%ae",
        "/example.com/%f0%80%80%ae",
        "/example.com/%",
        "/example.com/%4",
        "/example.com/%zz",
        "/example.com/a#b",
        "/pypi/../other/a",
        "/pypi/%2e%2e/a",
      })
  void whatIsNoTargetIsToldSo(String target) {
    assertThat(read(target))
        .isInstanceOfSatisfying(
            MirrorTarget.Bad.class,
            bad -> {
              assertThat(bad.status()).isEqualTo(400);
              assertThat(bad.why()).endsWith(".").doesNotContain("secret");
            });
  }

  @Test
  void overlongPartsAreRefused() {
    // Given
    String label = "a".repeat(64);
    String name = "a.".repeat(130) + "example";

    // When // Then
    assertThat(read("/" + label + ".example/x")).isInstanceOf(MirrorTarget.Bad.class);
    assertThat(read("/" + name + "/x")).isInstanceOf(MirrorTarget.Bad.class);
    assertThat(read("/example.com/" + "a".repeat(9000)))
        .isInstanceOfSatisfying(
            MirrorTarget.Bad.class, bad -> assertThat(bad.status()).isEqualTo(414));
  }

  /** Two targets of the mirror have one key only where they are the same host, path and query. */
  @Test
  void keysNeverCollide() {
    // Given
    Random random = new Random(8);
    String[] pieces = {
      "a", "A", "/", "//", ".", "..", "%2F", "%2f", "?", "&", ":443", ":80", "b.c", "@"
    };
    Map<String, String> byKey = new HashMap<>();

    // When
    for (int i = 0; i < 20_000; i++) {
      StringBuilder target =
          new StringBuilder(random.nextBoolean() ? "/h.example" : "/g.example:443");
      for (int n = random.nextInt(6); n >= 0; n--) {
        target.append(pieces[random.nextInt(pieces.length)]);
      }
      if (read(target.toString()) instanceof MirrorTarget.Place(Authority host, String rest)) {
        RequestHead asked = new RequestHead("GET", "https", host, rest, Headers.EMPTY);
        String meant = host + " " + rest;
        String before = byKey.putIfAbsent(CacheKeys.of(asked, "").primary().digest(), meant);

        // Then
        assertThat(before == null ? meant : before).isEqualTo(meant);
      }
    }
    assertThat(byKey).hasSizeGreaterThan(1000);
  }
}
