package dev.weir.moving;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.entry.PrimaryKey;
import dev.weir.http.Headers;
import dev.weir.http.Sha224;
import dev.weir.http.Vary;
import dev.weir.policy.VaryRules;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Documents in the very form in which passsage and xs3lerator write them. */
class SourceDocumentTest {
  private static final InstantSource NOW =
      InstantSource.fixed(Instant.parse("2026-04-01T00:00:00Z"));
  private static final String URL = "https://example.com/a.txt";
  private static final String ID =
      "https/example.com/653137bcd08963d94f6e1349a39bdb2a384b2b6325cae08c8726c890";
  private static final String GZIP = "1326817f4c14e9d6a359aa1d62b9e77e572cc27155de1b818561199e";

  /** 70 bytes in chunks of 32: the names are 16 times 0xab, 0xcd and 0xef. */
  private static final String MANIFEST =
      "WFMzTQECIAAAAAAAAABGAAAAAAAAAAMAAACrq6urq6urq6urq6urq6urzc3Nzc3Nzc3Nzc3Nzc3Nze/v7+/v7+/v7+/v7+/v7+8=";

  private static final String DOCUMENT =
      """
      {"status_code":200,"stored_at":"2026-03-01T12:00:00.123456+00:00",
       "last_access":"2026-03-02T13:14:15.000001+00:00","url":"https://example.com/a.txt",
       "extension":".txt","headers":{"etag":"\\"one\\"","content-type":"text/plain",
       "last-modified":"Sun, 01 Feb 2026 10:00:00 GMT","cache-control":"max-age=60",
       "content-length":"70"},"doc_type":"metadata","content_size":70,
       "manifest_b64":"%s"}
      """
          .formatted(MANIFEST);

  private final SourceDocument reader =
      new SourceDocument(
          url ->
              new Keying.Answer.Keyed(
                  new PrimaryKey("https", "example.com", Sha224.hex(url)), null),
          NOW);

  private Candidate read(String id, String document) throws Skipped {
    return reader.read(id, document.getBytes(UTF_8));
  }

  private void assertSkipped(String id, String document, Reason reason) {
    assertThatThrownBy(() -> read(id, document))
        .isInstanceOfSatisfying(
            Skipped.class, skipped -> assertThat(skipped.reason()).isEqualTo(reason));
  }

  @Test
  void aDocumentAsTheSourceWritesItIsRead() throws Exception {
    // When
    Candidate candidate = read(ID, DOCUMENT);

    // Then
    assertThat(candidate.url()).isEqualTo(URL);
    assertThat(candidate.key().documentId()).isEqualTo(ID);
    assertThat(candidate.variant().isNone()).isTrue();
    assertThat(candidate.headers().first("ETag")).isEqualTo("\"one\"");
    assertThat(candidate.headers().has("Content-Length")).isFalse();
    assertThat(candidate.lastModifiedMillis()).hasValue(1_769_940_000_000L);
    assertThat(candidate.lastAccessMillis()).hasValue(1_772_457_255_000L);
    assertThat(candidate.manifest().totalBytes()).isEqualTo(70);
    assertThat(candidate.manifest().chunkBytes()).isEqualTo(32);
    assertThat(candidate.manifest().chunkLength(2)).isEqualTo(6);
    assertThat(candidate.manifest().key(0)).isEqualTo("a/b/a/b/" + "ab".repeat(16));
  }

  @Test
  void aVariantIsKeyedByTheRequestThatTheDocumentRemembers() throws Exception {
    // Given
    String document = varying("accept-encoding=gzip");

    // When
    Candidate candidate = read(ID + "+" + GZIP, document);

    // Then
    assertThat(candidate.vary()).containsExactly("accept-encoding");
    assertThat(candidate.variant().digest())
        .isEqualTo(Vary.digest(candidate.vary(), Headers.of("Accept-Encoding", "gzip")));
  }

  private static String varying(String request) {
    return DOCUMENT
        .replace(
            "\"content_size\"",
            "\"vary\":\"Accept-Encoding\",\"vary_request\":\"" + request + "\",\"content_size\"")
        .replace("\"etag\"", "\"vary\":\"Accept-Encoding\",\"etag\"");
  }

  @Test
  void aVaryThatTheDocumentCannotAnswerIsSkipped() {
    assertSkipped(ID + "+" + GZIP, varying("accept-encoding=br"), Reason.VARY_UNKNOWN);
    assertSkipped(ID, varying("accept-encoding=gzip"), Reason.VARY_UNKNOWN);
    assertSkipped(ID + "+" + GZIP, DOCUMENT, Reason.VARY_UNKNOWN);
    String other = "accept=a|b";
    assertSkipped(
        ID + "+" + Sha224.hex(other),
        varying(other).replace("Accept-Encoding", "Accept"),
        Reason.VARY_UNKNOWN);
  }

  @Test
  void aRuleThatTakesAFieldOutOfVaryMakesItNoVariant() throws Exception {
    // Given
    SourceDocument ruled =
        new SourceDocument(
            url ->
                new Keying.Answer.Keyed(
                    new PrimaryKey("https", "example.com", Sha224.hex(url)),
                    new VaryRules(null, Set.of("accept-encoding"))),
            NOW);

    // When
    Candidate candidate =
        ruled.read(ID + "+" + GZIP, varying("accept-encoding=gzip").getBytes(UTF_8));

    // Then
    assertThat(candidate.variant().isNone()).isTrue();
    assertThat(candidate.vary()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '^',
      textBlock =
          """
          "max-age=60"              ^ "private"                          ^ PRIVATE
          "max-age=60"              ^ "private=\\"x\\""                  ^ PRIVATE
          "max-age=60"              ^ "no-store"                         ^ NO_STORE
          "cache-control"           ^ "set-cookie"                       ^ SET_COOKIE
          "cache-control"           ^ "www-authenticate"                 ^ AUTHENTICATED
          "cache-control"           ^ "content-range"                    ^ PARTIAL
          "status_code":200         ^ "status_code":301                  ^ STATUS
          "status_code":200         ^ "status_code":200,"method":"HEAD"  ^ NOT_GET
          "status_code":200         ^ "status_code":"200"                ^ MALFORMED
          "cache-control":"max-age=60" ^ "vary":"*"                      ^ VARY_ANY
          "cache-control":"max-age=60" ^ "vary":"Cookie"                 ^ AUTHENTICATED
          "cache-control":"max-age=60" ^ "vary":"Accept"                 ^ VARY_UNKNOWN
          "content_size":70         ^ "content_size":71                  ^ LENGTH_DIFFERS
          "content-length":"70"     ^ "content-length":"7"               ^ LENGTH_DIFFERS
          "manifest_b64"            ^ "manifest"                         ^ NO_MANIFEST
          WFMzTQEC                  ^ WFMzTQEB                           ^ UNKNOWN_MANIFEST
          WFMzTQEC                  ^ WFMzTQIC                           ^ UNKNOWN_MANIFEST
          WFMzTQEC                  ^ *!                                 ^ UNKNOWN_MANIFEST
          AABGAAAA                  ^ AABhAAAA                           ^ UNKNOWN_MANIFEST
          "max-age=60"              ^ "a\\nb"                            ^ MALFORMED
          "max-age=60"              ^ 7                                  ^ MALFORMED
          https://example.com/a.txt ^ https://example.com/b.txt          ^ OTHER_KEY
          https://example.com/a.txt ^ ftp://example.com/a.txt            ^ UNKNOWN_SCHEME
          https://example.com/a.txt ^ https://example.com/a.txt?sig=1    ^ SIGNED
          """)
  void whatIsOddIsSkippedForItsReason(String text, String instead, Reason reason) {
    assertThat(DOCUMENT).contains(text);
    assertSkipped(ID, DOCUMENT.replace(text, instead), reason);
  }

  @Test
  void noLifetimeReachesFromLongAgoIntoTheFuture() throws Exception {
    // Given
    String expires = "\"expires\":\"Fri, 01 Jan 2100 00:00:00 GMT\"";

    // When
    Candidate candidate = read(ID, DOCUMENT.replace("\"cache-control\":\"max-age=60\"", expires));

    // Then
    assertThat(candidate.headers().has("Expires")).isFalse();
    assertSkipped(ID, DOCUMENT.replace("max-age=60", "max-age=2147483647"), Reason.NEVER_VALIDATED);
  }

  @Test
  void withoutAnyValidatorItIsSkipped() {
    assertSkipped(
        ID, DOCUMENT.replace("etag", "x-a").replace("last-modified", "x-b"), Reason.NO_VALIDATOR);
  }

  @ParameterizedTest
  @CsvSource({
    "https://user:word@example.com/a",
    "https://example.com/a?token=1",
    "https://registry.example/v2/library/x/blobs/sha256:1"
  })
  void aUrlThatLooksLikeSomebodysOwnIsSkipped(String url) {
    assertSkipped(
        "https/example.com/" + Sha224.hex(url), DOCUMENT.replace(URL, url), Reason.AUTHENTICATED);
  }

  @Test
  void aUrlThatWasCutIsSkipped() {
    String url = "https://example.com/" + "a".repeat(600);
    assertSkipped(
        "https/example.com/" + Sha224.hex(url),
        DOCUMENT.replace(URL, url.substring(0, 512)),
        Reason.URL_CUT);
  }

  @Test
  void aManifestThatCameWithoutMetadataIsSkipped() {
    assertSkipped(ID, "{\"manifest_b64\":\"" + MANIFEST + "\"}", Reason.NO_METADATA);
  }

  @Test
  void documentsThatListVariantsAreToldById() {
    assertThat(SourceDocument.isIndex(ID)).isFalse();
    assertThat(SourceDocument.isIndex(ID.replace("com/", "com/_vary/"))).isTrue();
  }

  @Test
  void malformedDocumentsAreAlwaysCountedAndNeverAnotherException() {
    // Given
    Random random = new Random(11);
    byte[] good = DOCUMENT.getBytes(ISO_8859_1);
    for (int i = 0; i < 20_000; i++) {
      byte[] bad = good.clone();
      for (int flips = random.nextInt(6); flips >= 0; flips--) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      }
      byte[] cut = random.nextInt(4) == 0 ? java.util.Arrays.copyOf(bad, random.nextInt(600)) : bad;
      // When
      Reason reason = null;
      try {
        reader.read(random.nextInt(50) == 0 ? new String(cut, ISO_8859_1) : ID, cut);
      } catch (Skipped skipped) {
        reason = skipped.reason();
      }
      // Then
      assertThat(reason == null || !reason.isPassing()).isTrue();
    }
    assertSkipped(ID, "[".repeat(5_000), Reason.MALFORMED);
    assertSkipped(ID, "", Reason.MALFORMED);
    assertSkipped(ID, "null", Reason.MALFORMED);
  }
}
