package dev.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReferenceTest {
  /** Those of RFC 3986 5.4 that Java resolves otherwise, and what no URL may hold. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "http://a/b/c/d;p?q g http://a/b/c/g",
        "http://a/b/c/d;p?q //g/x http://g/x",
        "http://a/b/c/d;p?q ?y http://a/b/c/d;p?y",
        "http://a//b?q ?y http://a//b?y",
        "http://a ?y http://a?y",
        "http://a/b/c/d;p?q ../../../g http://a/g",
        "http://a/b/c/d;p?q ../../../../g?y http://a/g?y",
        "http://a/b/c/d;p?q /../../.. http://a/",
        "http://a/b|c/d x|y http://a/b%7Cc/x%7Cy",
        "http://a/b /c?u=http://e/[1] http://a/c?u=http://e/[1]",
        "http://a/b \\\\e\\x http://a/%5C%5Ce%5Cx",
        "http://a/b http://[::1]:8/[x] http://[::1]:8/%5Bx%5D",
      })
  void aReferenceLeadsWhereTheStandardSays(String base, String reference, String where)
      throws Exception {
    assertThat(Reference.resolved(base, reference)).hasToString(where);
  }
}
