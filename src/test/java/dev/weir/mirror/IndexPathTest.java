package dev.weir.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.policy.Mount.Merging;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IndexPathTest {
  private static final int READINGS = 12;

  private static IndexPath read(Merging merging, String rest) {
    return IndexPath.read(merging, rest, READINGS);
  }

  /** PEP 503: runs of {@code . _ -} are one hyphen, letters are small; so each has one page. */
  @ParameterizedTest
  @CsvSource({
    "Foo/, foo/",
    "foo.bar/, foo-bar/",
    "foo__Bar/, foo-bar/",
    "foo-_-bar/, foo-bar/",
    "foo%2Dbar/, foo-bar/",
    "foo%2ebar/, foo-bar/",
    "%66oo/, foo/",
    "foo, foo/",
    "FOO?x=1, foo/?x=1"
  })
  void spellingsOfANameLeadToItsOnePage(String rest, String page) {
    assertThat(read(Merging.SIMPLE, rest)).isEqualTo(new IndexPath.Moved(page));
    assertThat(read(Merging.SIMPLE_BELOW, "simple/" + rest))
        .isEqualTo(new IndexPath.Moved("simple/" + page));
  }

  @ParameterizedTest
  @CsvSource({
    "foo/, foo/, true",
    "foo/?format=json, foo/, false",
    "foo/foo-1.0.whl, foo/, false",
    "Foo.Bar/files/x.whl, foo-bar/, false",
    "foo//, foo/, false"
  })
  void whatIsBelowAPageIsTheProjectsUnderItsOwnPath(String rest, String page, boolean isPage) {
    assertThat(read(Merging.SIMPLE, rest)).isEqualTo(new IndexPath.OfProject(page, isPage));
  }

  /** An origin might take them for one that is there. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "/foo/",
        "foo%2Fbar/",
        "foo;x/",
        "-foo/",
        "foo+bar/",
        "foo%20/",
        "f%C3%B6/",
        ".x/"
      })
  void whatIsNoNameIsNobodys(String rest) {
    assertThat(read(Merging.SIMPLE, rest)).isEqualTo(new IndexPath.Nobody());
  }

  @ParameterizedTest
  @CsvSource({"SIMPLE,''", "SIMPLE,?x", "SIMPLE_BELOW,simple/", "SIMPLE_BELOW,simple"})
  void theListOfAllIsTheRoot(Merging merging, String rest) {
    assertThat(read(merging, rest)).isEqualTo(new IndexPath.Root());
  }

  @ParameterizedTest
  @CsvSource({"PATHS,Foo/", "SIMPLE_BELOW,packages/Foo.txt", "SIMPLE_BELOW,simpler/Foo/"})
  void otherPathsAreThemselves(Merging merging, String rest) {
    assertThat(read(merging, rest)).isEqualTo(new IndexPath.Elsewhere());
  }

  /** A missing file of an internal project was looked for outside, at the same path. */
  @ParameterizedTest
  @CsvSource({
    "packages/Foo_bar-1.0-py3-none-any.whl, simple/foo-bar/",
    "packages/a/b/foo-1.0.tar.gz, simple/foo/",
    "packages/foo%2D1.0.zip, simple/foo/",
    "packages/my-own-1.0.tar.gz?x=1, simple/my-own/",
    "packages/foo-1.0-py3-none-any.whl.metadata, simple/foo/",
    "packages/foo.zip, simple/foo/"
  })
  void aFileBesideTheIndexIsThatOfAProject(String rest, String page) {
    assertThat(read(Merging.SIMPLE_BELOW, rest))
        .isInstanceOfSatisfying(
            IndexPath.OfFile.class, file -> assertThat(file.pages()).contains(page));
    assertThat(read(Merging.PATHS, rest)).isEqualTo(new IndexPath.Elsewhere());
  }

  @Test
  void aWheelsNameCanBeReadInOneWayOnly() {
    assertThat(read(Merging.SIMPLE_BELOW, "packages/Foo_Bar-1.0-py3-none-any.whl"))
        .isEqualTo(new IndexPath.OfFile(List.of("simple/foo-bar/"), true));
  }

  @Test
  void aFileWhoseNameCanBeReadInTooManyWaysSaysSo() {
    // Given
    String file = "packages/" + "a-".repeat(200) + "1.0.tar.gz";

    // When
    IndexPath path = read(Merging.SIMPLE_BELOW, file);

    // Then
    assertThat(path)
        .isInstanceOfSatisfying(
            IndexPath.OfFile.class,
            found -> {
              assertThat(found.isEvery()).isFalse();
              assertThat(found.pages()).hasSizeLessThanOrEqualTo(READINGS);
            });
  }

  @ParameterizedTest
  @CsvSource({
    "foo, foo, true",
    "Foo.js, Foo.js, true",
    "@s%2ffoo, @s%2ffoo, true",
    "@s%2Ffoo, @s%2ffoo, false",
    "@s/foo, @s%2ffoo, false",
    "%66oo, foo, false",
    "foo?write=true, foo, false",
    "foo/, foo, false",
    "foo/1.0.0, foo, false",
    "foo/-/foo-1.0.0.tgz, foo, false",
    "@s/foo/-/foo-1.0.0.tgz, @s%2ffoo, false",
    "@s%2ffoo/-/foo-1.0.0.tgz, @s%2ffoo, false",
    "@s/foo/1.0.0, @s%2ffoo, false"
  })
  void ofAPackageIsWhatIsBelowItsName(String rest, String packument, boolean is) {
    assertThat(read(Merging.NPM, rest)).isEqualTo(new IndexPath.OfPackage(packument, is));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "?x", "-", "-/all", "-/v1/search?text=foo", "%2d/all"})
  void whatIsOfNoPackageIsTheRegistrys(String rest) {
    assertThat(read(Merging.NPM, rest)).isEqualTo(new IndexPath.Root());
  }

  @ParameterizedTest
  @ValueSource(strings = {"/foo", "@s", "@s/", "@/foo", "f%20o", "foo%252fbar", "f%C3%B6", "a@b"})
  void whatIsNoNameOfAPackageIsNobodys(String rest) {
    assertThat(read(Merging.NPM, rest)).isEqualTo(new IndexPath.Nobody());
  }

  /** The tarball of an internal package was looked for outside, at the same path. */
  @ParameterizedTest
  @CsvSource({
    "foo/-/foo-1.0.0.tgz, foo",
    "foo/-/foo-1.0.0.tgz?x=1, foo",
    "foo/%2d/foo-1.0.0.tgz, foo",
    "repository/npm/foo/-/foo-1.0.0.tgz, repository/npm/foo",
    "@s/foo/-/foo-1.0.0.tgz, @s%2ffoo",
    "npm/@s%2Ffoo/-/foo-1.0.0.tgz, npm/@s%2ffoo",
    "npm/@s/foo/-/@s/foo-1.0.0.tgz, npm/@s%2ffoo"
  })
  void aTarballOfNpmIsThatOfAPackageInAnyMountMergedByNames(String rest, String packument) {
    assertThat(read(Merging.SIMPLE_BELOW, rest))
        .isEqualTo(new IndexPath.OfPackage(packument, false));
    assertThat(read(Merging.PATHS, rest)).isEqualTo(new IndexPath.Elsewhere());
  }

  @ParameterizedTest
  @ValueSource(strings = {"group/project/-/archive/v1/x.txt", "foo/-/bar-1.0.0.txt", "-/foo.txt"})
  void whatOnlyLooksLikeATarballOfNpmGoesByItsPath(String rest) {
    assertThat(read(Merging.SIMPLE_BELOW, rest)).isEqualTo(new IndexPath.Elsewhere());
  }
}
