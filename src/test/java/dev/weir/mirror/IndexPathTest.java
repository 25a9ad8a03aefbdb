package dev.weir.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.policy.Mount.Merging;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IndexPathTest {
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
    assertThat(IndexPath.read(Merging.SIMPLE, rest)).isEqualTo(new IndexPath.Moved(page));
    assertThat(IndexPath.read(Merging.SIMPLE_BELOW, "simple/" + rest))
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
    assertThat(IndexPath.read(Merging.SIMPLE, rest))
        .isEqualTo(new IndexPath.OfProject(page, isPage));
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
    assertThat(IndexPath.read(Merging.SIMPLE, rest)).isEqualTo(new IndexPath.Nobody());
  }

  @ParameterizedTest
  @CsvSource({"SIMPLE,''", "SIMPLE,?x", "SIMPLE_BELOW,simple/", "SIMPLE_BELOW,simple"})
  void theListOfAllIsTheRoot(Merging merging, String rest) {
    assertThat(IndexPath.read(merging, rest)).isEqualTo(new IndexPath.Root());
  }

  @ParameterizedTest
  @CsvSource({"PATHS,Foo/", "SIMPLE_BELOW,packages/Foo.whl", "SIMPLE_BELOW,simpler/Foo/"})
  void otherPathsAreThemselves(Merging merging, String rest) {
    assertThat(IndexPath.read(merging, rest)).isEqualTo(new IndexPath.Elsewhere());
  }
}
