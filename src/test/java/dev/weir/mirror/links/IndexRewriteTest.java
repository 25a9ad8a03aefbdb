package dev.weir.mirror.links;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.mirror.Asked;
import dev.weir.policy.Effects;
import dev.weir.policy.Glob;
import dev.weir.policy.Mount;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Links of index documents, in each format. */
class IndexRewriteTest {
  private static final Authority INDEX = new Authority("index.example", 443);

  private static final List<Mount> MOUNTS =
      List.of(
          mount("index", "/pypi/", "https", INDEX, "/simple/"),
          mount("files", "/files/", "https", new Authority("files.example", 443), "/"),
          mount("deep", "/deep/", "https", new Authority("files.example", 443), "/deep/er/"),
          mount("plain", "/plain/", "http", new Authority("plain.example", 8080), "/x/"));

  private final InsideLinks links =
      new InsideLinks("https", INDEX, "/simple/tool/?a=b", MOUNTS, true, "https://mirror.example");

  private static Mount mount(
      String name, String path, String scheme, Authority authority, String base) {
    return new Mount(
        name,
        path,
        List.of(new Mount.Origin(scheme, authority, base, null)),
        Set.of(Mount.Beyond.NOT_FOUND),
        false,
        Effects.NONE);
  }

  @ParameterizedTest
  @CsvSource({
    "https://files.example/p/a-1.whl#sha256=00ff, /files/p/a-1.whl#sha256=00ff",
    "https://FILES.example:443/p/a.whl?x=%2F, /files/p/a.whl?x=%2F",
    "https://files.example/deep/er/a.whl, /deep/a.whl",
    "https://files.example, /files/",
    "//files.example/p/a.whl, /files/p/a.whl",
    "../other/, /pypi/other/",
    "./, /pypi/tool/",
    "b-1.tar.gz#md5=1, /pypi/tool/b-1.tar.gz#md5=1",
    "/simple/x, /pypi/x",
    "/packages/c.whl, /index.example/packages/c.whl",
    "../../packages/c.whl, /index.example/packages/c.whl",
    "../../../../c.whl, /index.example/c.whl",
    "?page=2, /pypi/tool/?page=2",
    "https://elsewhere.example:8443/a b, /elsewhere.example:8443/a b",
    "http://plain.example:8080/x/y, /plain/y",
    "https://[2001:db8::1]/a, '/[2001:db8::1]/a'",
  })
  void linksLeadInside(String link, String inside) {
    assertThat(links.path(link)).isEqualTo(inside);
    assertThat(links.url(link)).isEqualTo("https://mirror.example" + inside);
  }

  @ParameterizedTest
  @CsvSource({
    "'#top'", "mailto:me@example.org", "'javascript:alert(1)'", "ftp://files.example/a",
    "http://elsewhere.example/a", "https://user@files.example/a", "https:///a", "data:text/plain;x",
    "http://files.example/p/a.whl", "https://bad host/a",
  })
  void whatLeadsNowhereInsideStays(String link) {
    assertThat(links.path(link)).isNull();
  }

  @Test
  void aMirrorOfMountsAloneLeavesOtherHosts() {
    // Given
    InsideLinks mountsOnly =
        new InsideLinks("https", INDEX, "/simple/", MOUNTS, false, "https://mirror.example");
    // Then
    assertThat(mountsOnly.path("https://elsewhere.example/a")).isNull();
    assertThat(mountsOnly.path("https://files.example/a")).isEqualTo("/files/a");
  }

  @Test
  void aSimplePageKeepsItsFragmentsAndAttributes() throws Exception {
    String page =
        rewrite(
            IndexForm.SIMPLE_HTML,
            """
            <!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.1"></head><body>
            <a href="https://files.example/p/a-1.whl#sha256=00ff" data-requires-python="&gt;=3.9"
               data-dist-info-metadata="sha256=aa">a-1.whl</a><br/>
            <a href="../b/">b</a></body></html>\
            """);
    assertThat(page)
        .contains("<!doctype html>")
        .contains("href=\"/files/p/a-1.whl#sha256=00ff\"")
        .contains("data-requires-python=\"&gt;=3.9\"")
        .contains("data-dist-info-metadata=\"sha256=aa\"")
        .contains("<a href=\"/pypi/b/\">b</a>")
        .contains("pypi:repository-version");
  }

  @Test
  void aBaseIsTakenIntoAccountAndGoes() throws Exception {
    String page =
        rewrite(
            IndexForm.SIMPLE_HTML,
            "<html><head><base href=\"http://old.example/x/\"></head><a href=\"y\">1</a>"
                + "<a href=\"https://files.example/z\">2</a></html>");
    assertThat(page)
        .doesNotContain("<base")
        .contains("href=\"http://old.example/x/y\"")
        .contains("href=\"/files/z\"");
  }

  @Test
  void simpleJsonKeepsEverythingButUrls() throws Exception {
    String json =
        rewrite(
            IndexForm.SIMPLE_JSON,
            """
            {"meta":{"api-version":"1.1","url":"https://files.example/m"},"name":"tool","files":[
            {"filename":"a-1.whl","url":"https://files.example/p/a-1.whl","size":12345678901234567890,
             "hashes":{"sha256":"00ff"},"yanked":false,"url-x":"https://files.example/q"}]}\
            """);
    assertThat(json)
        .isEqualTo(
            "{\"meta\":{\"api-version\":\"1.1\",\"url\":\"https://files.example/m\"},\"name\":\"tool\","
                + "\"files\":[{\"filename\":\"a-1.whl\",\"url\":\"/files/p/a-1.whl\","
                + "\"size\":12345678901234567890,\"hashes\":{\"sha256\":\"00ff\"},\"yanked\":false,"
                + "\"url-x\":\"https://files.example/q\"}]}");
  }

  @Test
  void aPackumentHasWholeUrlsOfTarballsAlone() throws Exception {
    String json =
        rewrite(
            IndexForm.NPM,
            """
            {"name":"t","dist-tags":{"latest":"1.0.0"},"homepage":"https://files.example/",
             "versions":{"1.0.0":{"dist":{"tarball":"https://files.example/t/-/t-1.0.0.tgz",
             "integrity":"sha512-x","signatures":[{"sig":"y"}]}}}}\
            """);
    assertThat(json)
        .contains("\"tarball\":\"https://mirror.example/files/t/-/t-1.0.0.tgz\"")
        .contains("\"homepage\":\"https://files.example/\"")
        .contains("\"integrity\":\"sha512-x\"");
  }

  @Test
  void aComposerRepositoryLeadsInsideWithItsPlaceholders() throws Exception {
    String json =
        rewrite(
            IndexForm.COMPOSER,
            """
            {"metadata-url":"/p2/%package%.json","notify-batch":"https://index.example/downloads/",
             "packages":{"v/t":[{"name":"v/t","dist":{"type":"zip","url":"https://files.example/t.zip"},
             "source":{"url":"https://files.example/t.git"}}]}}\
            """);
    assertThat(json)
        .contains("\"metadata-url\":\"https://mirror.example/index.example/p2/%package%.json\"")
        .contains("\"notify-batch\":\"https://mirror.example/index.example/downloads/\"")
        .contains("\"dist\":{\"type\":\"zip\",\"url\":\"https://mirror.example/files/t.zip\"}")
        .contains("\"source\":{\"url\":\"https://files.example/t.git\"}");
  }

  @Test
  void aHelmIndexLeadsInsideInEveryStyle() throws Exception {
    String yaml =
        rewrite(
            IndexForm.HELM,
            """
            apiVersion: v1
            entries:
              chart:
              - apiVersion: v2
                created: "2024-01-01T00:00:00Z"
                description: "has: a colon # and no comment"
                home: https://files.example/home
                urls:
                - https://files.example/chart-1.tgz
                sources: [https://files.example/src]
              - {version: 1.0.0, urls: ["https://files.example/chart-2.tgz", chart-3.tgz]}
            generated: "2024-01-01T00:00:00Z"
            """);
    assertThat(yaml)
        .contains("- https://mirror.example/files/chart-1.tgz")
        .contains("https://mirror.example/files/chart-2.tgz")
        .contains("https://mirror.example/pypi/tool/chart-3.tgz")
        .contains("home: https://files.example/home")
        .contains("https://files.example/src")
        .contains("\"has: a colon # and no comment\"")
        .contains("\"2024-01-01T00:00:00Z\"");
  }

  @ParameterizedTest
  @CsvSource({"NPM, '{\"a\":'", "HELM, 'a: [b'", "SIMPLE_JSON, <html>"})
  void whatIsNotOfItsFormatIsSaidSo(IndexForm form, String text) {
    assertThatThrownBy(() -> rewrite(form, text)).isInstanceOf(IOException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "/simple/tool/, '*/*', SIMPLE_HTML",
    "/simple/, , SIMPLE_HTML",
    "/simple/tool, , SIMPLE_HTML",
    "/root/pypi/+simple/x/, application/vnd.pypi.simple.v1+json, SIMPLE_HTML",
    "/@scope%2fname, 'application/vnd.npm.install-v1+json; q=1.0, */*', NPM",
    "/name/-/name-1.0.tgz, 'application/vnd.npm.install-v1+json', ",
    "/packages.json, , COMPOSER",
    "/p2/vendor/name.json?x, , COMPOSER",
    "/charts/index.yaml, , HELM",
    "/packages/a-1.whl, '*/*', ",
    "/simple/tool/a-1.whl, '*/*', ",
  })
  void formsAreKnownByPathAndWhatIsAccepted(String target, String accept, IndexForm form) {
    Headers fields = accept == null ? Headers.EMPTY : Headers.of("Accept", accept);
    assertThat(IndexForm.of(asked(null, "", target, fields))).isEqualTo(form);
  }

  @ParameterizedTest
  @CsvSource({
    "catalog/Index.JSON?x=1, JSON",
    "list/files.txt, TEXT",
    "catalog/, HTML",
    "packages.json, JSON",
    "index.yaml, HELM",
    "other.bin, "
  })
  void aMountNamesFurtherDocuments(String rest, IndexForm form) {
    // Given
    Mount mount =
        new Mount(
            "named",
            "/named/",
            List.of(new Mount.Origin("https", INDEX, "/base/", null)),
            Set.of(),
            false,
            Effects.NONE,
            Mount.Merging.PATHS,
            List.of(
                new Mount.Links(Mount.Links.Form.HTML, new Glob("*/")),
                new Mount.Links(Mount.Links.Form.JSON, new Glob("*.json")),
                new Mount.Links(Mount.Links.Form.TEXT, new Glob("list/*"))));
    // Then
    assertThat(IndexForm.of(asked(mount, "/base/", "/base/" + rest, Headers.EMPTY)))
        .isEqualTo(form);
  }

  private static Asked asked(@Nullable Mount mount, String base, String target, Headers fields) {
    RequestHead head = new RequestHead("GET", "https", INDEX, target, fields);
    return new Asked(head, head, mount, "", base);
  }

  @Test
  void everyStringOfANamedDocumentThatIsAUrlLeadsInside() throws Exception {
    assertThat(
            rewrite(
                IndexForm.JSON,
                "{\"a\":[\"https:\\/\\/files.example\\/x\",{\"b\":\"http://other.example/y\"}],"
                    + "\"c\":\"see https://files.example/x\",\"https://files.example/\":1.10}"))
        .isEqualTo(
            "{\"a\":[\"https://mirror.example/files/x\",{\"b\":\"http://other.example/y\"}],"
                + "\"c\":\"see https://files.example/x\",\"https://files.example/\":1.10}");
  }

  @Test
  void everyUrlOfANamedTextLeadsInsideAndNothingElseChanges() throws Exception {
    // Given
    String text =
        "a https://files.example/x?y=1&amp;z#f, <b href='https://files.example/deep/er/q'>\r\n"
            + "(https://files.example:443/p) http://other.example/ ftp://files.example/ \u00e9"
            + " https://";
    // Then
    assertThat(rewrite(IndexForm.TEXT, text))
        .isEqualTo(
            "a https://mirror.example/files/x?y=1&amp;z#f, <b"
                + " href='https://mirror.example/deep/q'>\r\n"
                + "(https://mirror.example/files/p) http://other.example/ ftp://files.example/"
                + " \u00e9 https://");
    byte[] octets = {(byte) 0xff, 0, (byte) 0x80, '\n'};
    assertThat(LinkRewriter.of(IndexForm.TEXT).rewrite(octets, StandardCharsets.UTF_8, links))
        .isEqualTo(octets);
  }

  @Test
  void tagsGoBackToTheOriginAsItKnowsThem() {
    // Given
    EtagMark mark = EtagMark.of("mounts", true);
    String marked = mark.marked("W/\"abc\"");
    // When
    Headers asked = mark.unmarked(Headers.of("If-None-Match", marked + ", \"of another time\""));
    // Then
    assertThat(marked).startsWith("W/\"abc+").endsWith("\"");
    assertThat(asked.first("If-None-Match")).isEqualTo("W/\"abc\"");
    assertThat(EtagMark.of("other mounts", true).unmarked(Headers.of("If-None-Match", marked)))
        .isEqualTo(Headers.EMPTY);
  }

  private String rewrite(IndexForm form, String document) throws IOException {
    byte[] text = document.getBytes(StandardCharsets.UTF_8);
    byte[] inside = LinkRewriter.of(form).rewrite(text, StandardCharsets.UTF_8, links);
    return new String(inside, StandardCharsets.UTF_8);
  }
}
