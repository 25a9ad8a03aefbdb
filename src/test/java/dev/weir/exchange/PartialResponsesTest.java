package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weir.http.Headers;
import dev.weir.policy.Policy;
import dev.weir.rules.RuleFiles;
import dev.weir.testing.Answer;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.Seen;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Partial responses kept, used, joined and completed (RFC 9111 3.3, 3.4). */
final class PartialResponsesTest {
  private static final String TEN = "0123456789";

  private Rig rig;

  @BeforeEach
  void start() {
    rig = new Rig(Policy.STANDARD);
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  /** From now on what is larger is never fetched whole because of a range. */
  private void rangeFillMax(String bytes) {
    rig.close();
    rig = new Rig(RuleFiles.defaults(Policy.STANDARD), "weir.exchange.range-fill-max = " + bytes);
  }

  private Rig.Got range(String target, String range, String... headers) throws Exception {
    String[] all = new String[headers.length + 2];
    System.arraycopy(headers, 0, all, 2, headers.length);
    all[0] = "Range";
    all[1] = range;
    Rig.Got got = rig.get(target, all);
    Eventually.holds(rig::nothingRuns);
    return got;
  }

  private static void assertBytes(Rig.Got got, long first, long last, long total) {
    assertThat(got.status()).isEqualTo(206);
    assertThat(got.headers().all("Content-Range"))
        .containsExactly("bytes " + first + "-" + last + "/" + total);
    assertPattern(got, first, last - first + 1);
  }

  private static void assertPattern(Rig.Got got, long from, long length) {
    assertThat(got.body()).hasSize((int) length);
    for (int i = 0; i < length; i++) {
      if (got.body()[i] != (byte) (from + i)) {
        throw new AssertionError("byte " + (from + i) + " is " + got.body()[i]);
      }
    }
  }

  private static void assertHit(Rig.Got got) {
    assertThat(got.cacheStatus()).startsWith("weir;hit");
    assertThat(got.headers().has("Age")).isTrue();
  }

  /** Ten digits of which a range is answered in the way given. */
  private static OriginServer.Endpoint digits(String contentRange, String body, String... fields) {
    Headers.Builder headers = Headers.builder();
    headers.add("Cache-Control", "max-age=3600").add("Content-Type", "text/plain");
    for (int i = 0; i < fields.length; i += 2) {
      headers.set(fields[i], fields[i + 1]);
    }
    Headers whole = headers.build();
    return seen ->
        seen.isRange()
            ? Answer.of(
                206,
                whole.plus("Content-Range", contentRange),
                body.getBytes(StandardCharsets.UTF_8))
            : Answer.of(200, whole, TEN.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void theLastBytesOfWhatIsNotStoredAreAskedForAloneAndKept() throws Exception {
    // When
    Rig.Got first = range("/range-data/100000", "bytes=-1000");
    Rig.Got again = range("/range-data/100000", "bytes=-1000");
    Rig.Got within = range("/range-data/100000", "bytes=99500-99509");
    Rig.Got open = range("/range-data/100000", "bytes=99990-");
    Rig.Got several = range("/range-data/100000", "bytes=99000-99009,99500-99509");

    // Then
    assertBytes(first, 99000, 99999, 100000);
    assertThat(first.cacheStatus())
        .contains("fwd=miss")
        .contains("fwd-status=206")
        .contains("stored")
        .contains("detail=range");
    assertBytes(again, 99000, 99999, 100000);
    assertBytes(within, 99500, 99509, 100000);
    assertBytes(open, 99990, 99999, 100000);
    assertThat(several.headers().first("Content-Type")).startsWith("multipart/byteranges");
    List.of(again, within, open, several).forEach(PartialResponsesTest::assertHit);
    List<Seen> asked = rig.origin.seen("/range-data/100000");
    assertThat(asked).hasSize(1);
    assertThat(asked.getFirst().header("Range")).isEqualTo("bytes=-1000");
  }

  @ParameterizedTest
  @ValueSource(ints = {1_000, 100_000, 20_000_000})
  void whatIsMissingIsFetchedUnderIfRangeAndTheWholeIsStored(int total) throws Exception {
    // Given
    range("/range-data/" + total, "bytes=-400");

    // When
    Rig.Got whole = rig.get("/range-data/" + total);
    Eventually.holds(rig::nothingRuns);
    Rig.Got hit = rig.get("/range-data/" + total);

    // Then
    assertThat(whole.status()).isEqualTo(200);
    assertThat(whole.headers().has("Content-Range")).isFalse();
    assertPattern(whole, 0, total);
    assertThat(whole.cacheStatus()).contains("fwd=partial").contains("detail=partial-miss");
    assertPattern(hit, 0, total);
    assertHit(hit);
    Seen rest = rig.origin.seen("/range-data/" + total).get(1);
    assertThat(rest.header("Range")).isEqualTo("bytes=0-" + (total - 401));
    assertThat(rest.header("If-Range")).isEqualTo("\"data1\"");
    assertThat(rig.origin.count("/range-data/" + total)).isEqualTo(2);
    assertThat(rig.origin.bodyBytesSent()).isEqualTo(total);
  }

  @Test
  void aRangeOutsideWhatIsStoredCompletesTheWholeToo() throws Exception {
    // Given
    range("/range-data/100000", "bytes=-1000");

    // When
    Rig.Got part = range("/range-data/100000", "bytes=98990-99009");
    Rig.Got whole = rig.get("/range-data/100000");

    // Then
    assertBytes(part, 98990, 99009, 100000);
    assertPattern(whole, 0, 100000);
    assertHit(whole);
    assertThat(rig.origin.bodyBytesSent()).isEqualTo(100000);
  }

  @Test
  void partsOfWhatIsTooLargeAreJoinedUntilTheyAreTheWhole() throws Exception {
    // Given
    rangeFillMax("50k");
    String target = "/range-data/100000";

    // When
    Rig.Got middle = range(target, "bytes=40000-69999");
    Rig.Got tail = range(target, "bytes=60000-");
    Rig.Got across = range(target, "bytes=50000-89999");
    Rig.Got outside = range(target, "bytes=39999-40000");
    Rig.Got start = range(target, "bytes=0-39999");
    Rig.Got whole = rig.get(target);

    // Then
    assertBytes(middle, 40000, 69999, 100000);
    assertBytes(tail, 60000, 99999, 100000);
    assertBytes(across, 50000, 89999, 100000);
    assertHit(across);
    assertBytes(outside, 39999, 40000, 100000);
    assertThat(outside.cacheStatus()).contains("fwd=partial").contains("stored");
    assertBytes(start, 0, 39999, 100000);
    assertThat(whole.status()).isEqualTo(200);
    assertPattern(whole, 0, 100000);
    assertHit(whole);
    assertThat(rig.origin.count(target, Seen::isRange)).isEqualTo(4);
  }

  @Test
  void randomRangesOfWhatIsTooLargeAreAlwaysTheBytesAskedFor() throws Exception {
    // Given
    rangeFillMax("50k");
    Random random = new Random(911134);
    for (int total : new int[] {100_000, 17_000_000}) {
      String target = "/range-data/" + total;
      for (int round = 0; round < 30; round++) {
        // When
        int first = random.nextInt(total);
        int last = Math.min(total - 1, first + random.nextInt(total / 5));
        Rig.Got got = range(target, "bytes=" + first + "-" + last);

        // Then
        assertBytes(got, first, last, total);
      }
      Rig.Got whole = rig.get(target);
      assertPattern(whole, 0, total);
    }
  }

  @Test
  void whatHasChangedMeanwhileIsFetchedWholeAndNeverMixed() throws Exception {
    // Given
    range("/range-data/100000", "bytes=-1000");
    rig.origin.bumpVersion();

    // When
    Rig.Got whole = rig.get("/range-data/100000");

    // Then
    assertThat(whole.status()).isEqualTo(200);
    assertThat(whole.headers().first("ETag")).isEqualTo("\"data2\"");
    assertPattern(whole, 0, 100000);
    assertThat(rig.origin.count("/range-data/100000")).isEqualTo(2);
  }

  @Test
  void aPartOfAnotherVersionTakesThePlaceOfTheOld() throws Exception {
    // Given
    rangeFillMax("50k");
    range("/range-data/100000", "bytes=0-999");
    rig.origin.bumpVersion();

    // When
    Rig.Got other = range("/range-data/100000", "bytes=1000-1999");
    Rig.Got old = range("/range-data/100000", "bytes=0-999");

    // Then
    assertThat(other.headers().first("ETag")).isEqualTo("\"data2\"");
    assertThat(old.headers().first("ETag")).isEqualTo("\"data2\"");
    assertThat(old.cacheStatus()).contains("fwd=partial");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "W/\"weak\"", "bare"})
  void withoutAStrongValidatorAPartIsUsedAloneAndNeverCompleted(String tag) throws Exception {
    // Given
    String[] fields = tag.isEmpty() ? new String[0] : new String[] {"ETag", tag};
    rig.origin.on("/ten", digits("bytes 5-9/10", "56789", fields));
    range("/ten", "bytes=-5");

    // When
    Rig.Got within = range("/ten", "bytes=6-7");
    Rig.Got whole = rig.get("/ten");

    // Then
    assertThat(within.text()).isEqualTo("67");
    assertHit(within);
    assertThat(whole.text()).isEqualTo(TEN);
    assertThat(rig.origin.seen("/ten").getLast().isPlainGet()).isTrue();
  }

  @Test
  void fieldsOfTheLaterPartReplaceThoseOfTheEarlier() throws Exception {
    // Given
    rig.origin.on(
        "/ten", digits("bytes 5-9/10", "56789", "ETag", "\"s\"", "A", "1", "Only", "first"));
    range("/ten", "bytes=-5");
    rig.origin.on("/ten", digits("bytes 0-4/10", "01234", "ETag", "\"s\"", "A", "2"));

    // When
    rig.get("/ten");
    Eventually.holds(rig::nothingRuns);
    Rig.Got whole = rig.get("/ten");

    // Then
    assertThat(whole.text()).isEqualTo(TEN);
    assertHit(whole);
    assertThat(whole.headers().all("A")).containsExactly("2");
    assertThat(whole.headers().all("Only")).containsExactly("first");
    assertThat(whole.headers().has("Content-Range")).isFalse();
  }

  @Test
  void aGapAnsweredWithAnythingElseHasTheWholeFetchedAnew() throws Exception {
    // Given
    for (String wrong : List.of("bytes 0-3/10", "bytes 1-5/10", "bytes 0-4/11", "bytes 0-4/*")) {
      rig.origin.on("/ten", digits("bytes 5-9/10", "56789", "ETag", "\"s\""));
      rig.send("POST", "/ten"); // forgets what an earlier round stored
      range("/ten", "bytes=-5");
      rig.origin.on("/ten", digits(wrong, "01234", "ETag", "\"s\""));

      // When
      Rig.Got whole = rig.get("/ten");
      Eventually.holds(rig::nothingRuns);

      // Then
      assertThat(whole.status()).isEqualTo(200);
      assertThat(whole.text()).isEqualTo(TEN);
      assertThat(rig.origin.seen("/ten").getLast().isPlainGet()).isTrue();
    }
  }

  @Test
  void aPartIsAHitAsSoonAsItsLastByteIsHere() throws Exception {
    for (int i = 0; i < 20; i++) {
      String target = "/range-data/" + (1_000 + i);

      // When
      Rig.Got first = rig.get(target, "Range", "bytes=-100");
      Rig.Got again = rig.get(target, "Range", "bytes=-50");

      // Then
      assertThat(first.status()).isEqualTo(206);
      assertBytes(again, 950 + i, 999 + i, 1_000 + i);
      assertHit(again);
      assertThat(rig.origin.count(target)).isEqualTo(1);
    }
  }

  @Test
  void theRestOfAPartIsFetchedAsSoonAsItsLastByteIsHere() throws Exception {
    // When
    rig.get("/range-data/1000", "Range", "bytes=-100");
    Rig.Got whole = rig.get("/range-data/1000");

    // Then
    assertPattern(whole, 0, 1_000);
    assertThat(rig.origin.seen("/range-data/1000").get(1).header("Range")).isEqualTo("bytes=0-899");
  }

  @ParameterizedTest
  @CsvSource({"bytes=-5, 45678", "bytes=6-8, 678", "bytes=6-, 678", "bytes=-1, 8"})
  void aLastPartShorterThanItSaysEndsWhereItsBodyEnds(String asked, String bytes) throws Exception {
    // Given
    rig.origin.on("/ten", digits("bytes 4-9/10", "45678"));
    range("/ten", "bytes=-5");

    // When
    Rig.Got got = range("/ten", asked);

    // Then
    assertThat(got.status()).isEqualTo(206);
    assertThat(got.text()).isEqualTo(bytes);
    assertThat(got.headers().first("Content-Range")).endsWith("-8/9");
    assertHit(got);
  }

  @Test
  void aPartShorterThanItSaysIsKeptAsFarAsItWent() throws Exception {
    // Given
    rig.origin.on("/ten", digits("bytes 4-9/10", "45678", "ETag", "\"s\""));
    range("/ten", "bytes=-6");

    // When
    Rig.Got within = range("/ten", "bytes=6-8");
    rig.origin.on("/ten", digits("bytes 9-9/10", "9", "ETag", "\"s\""));
    Rig.Got beyond = range("/ten", "bytes=6-9");

    // Then
    assertThat(within.text()).isEqualTo("678");
    assertHit(within);
    assertThat(beyond.text()).isEqualTo("6789");
    assertThat(beyond.cacheStatus()).contains("fwd=");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"bytes 5-7/10", "bytes 5-9/*", "bytes 9-5/10", "bytes 5-9/8", "lines 1-2/3"})
  void aPartThatContradictsItselfIsTheClientsAlone(String contentRange) throws Exception {
    // Given
    rig.origin.on("/ten", digits(contentRange, "56789", "ETag", "\"s\""));

    // When
    Rig.Got relayed = range("/ten", "bytes=-5");
    Rig.Got again = range("/ten", "bytes=-5");

    // Then
    assertThat(relayed.status()).isEqualTo(206);
    assertThat(relayed.text()).isEqualTo("56789");
    assertThat(again.cacheStatus()).doesNotContain("hit");
  }

  @ParameterizedTest
  @ValueSource(strings = {"no-store", "private", "max-age=0, private"})
  void aPartThatMayNotBeStoredIsNot(String cacheControl) throws Exception {
    // Given
    rig.origin.on(
        "/ten", digits("bytes 5-9/10", "56789", "ETag", "\"s\"", "Cache-Control", cacheControl));

    // When
    range("/ten", "bytes=-5");
    Rig.Got again = range("/ten", "bytes=-5");

    // Then
    assertThat(again.text()).isEqualTo("56789");
    assertThat(again.cacheStatus()).doesNotContain("hit");
    assertThat(rig.origin.count("/ten")).isEqualTo(2);
  }

  @Test
  void aStalePartIsValidatedAndStays() throws Exception {
    // Given
    range("/range-data/100000?cc=max-age%3D60", "bytes=-1000");
    range("/range-data/5000", "bytes=-1000");
    rig.pass(4000);

    // When
    Rig.Got got = range("/range-data/5000", "bytes=4500-4599");

    // Then
    assertBytes(got, 4500, 4599, 5000);
    assertThat(got.cacheStatus()).contains("fwd=stale").contains("fwd-status=304");
    Seen asked = rig.origin.seen("/range-data/5000").getLast();
    assertThat(asked.header("If-None-Match")).isEqualTo("\"data1\"");
    assertThat(asked.isRange()).isFalse();
  }

  @Test
  void theRestOfAStalePartIsItsValidation() throws Exception {
    // Given
    range("/range-data/5000", "bytes=-1000");
    rig.pass(4000);

    // When
    Rig.Got whole = rig.get("/range-data/5000");

    // Then
    assertPattern(whole, 0, 5000);
    assertThat(rig.origin.seen("/range-data/5000").getLast().header("If-Range"))
        .isEqualTo("\"data1\"");
  }

  @Test
  void headAndConditionsAreAnsweredByAPart() throws Exception {
    // Given
    range("/range-data/5000", "bytes=-1000");

    // When
    Rig.Got head = rig.send("HEAD", "/range-data/5000");
    Rig.Got same = rig.get("/range-data/5000", "If-None-Match", "\"data1\"");
    Rig.Got beyond = rig.get("/range-data/5000", "Range", "bytes=5000-");

    // Then
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.headers().first("Content-Length")).isEqualTo("5000");
    assertThat(same.status()).isEqualTo(304);
    assertThat(beyond.status()).isEqualTo(416);
    assertThat(beyond.headers().first("Content-Range")).isEqualTo("bytes */5000");
    assertThat(rig.origin.count("/range-data/5000")).isEqualTo(1);
  }

  @Test
  void onlyIfCachedGetsThePartThatIsThereAndNothingElse() throws Exception {
    // Given
    range("/range-data/5000", "bytes=-1000");

    // When
    Rig.Got within = range("/range-data/5000", "bytes=-10", "Cache-Control", "only-if-cached");
    Rig.Got whole = rig.get("/range-data/5000", "Cache-Control", "only-if-cached");

    // Then
    assertThat(within.status()).isEqualTo(206);
    assertThat(whole.status()).isEqualTo(504);
  }

  @Test
  void partsWhoseBytesAreLostAreForgotten() throws Exception {
    // Given
    range("/range-data/20000000", "bytes=-10000000");
    rig.world.loseChunks();

    // When
    // While the fill still pins the chunks, the loss shows only in reading: that answer is cut.
    AtomicReference<Rig.Got> whole = new AtomicReference<>();
    Eventually.holds(
        () -> catchThrowable(() -> whole.set(rig.get("/range-data/20000000"))) == null);

    // Then
    assertThat(whole.get().status()).isEqualTo(200);
    assertPattern(whole.get(), 0, 20_000_000);
  }

  @Test
  void aRangeThatTheOriginRefusesIsThatClientsAffair() throws Exception {
    // Given
    rangeFillMax("50k");

    // When
    Rig.Got refused = range("/range-data/100000", "bytes=200000-");
    Rig.Got fine = range("/range-data/100000", "bytes=90000-90009");

    // Then
    assertThat(refused.status()).isEqualTo(416);
    assertBytes(fine, 90000, 90009, 100000);
  }

  @Test
  void anOriginThatIgnoresTheRangeIsServedFromItsWhole() throws Exception {
    // Given
    rig.origin.on(
        "/whole",
        seen ->
            Answer.text(200, TEN, "Cache-Control", "max-age=3600", "Content-Type", "text/plain"));

    // When
    Rig.Got tail = range("/whole", "bytes=-3");
    Rig.Got head = range("/whole", "bytes=0-2");

    // Then
    assertThat(tail.status()).isEqualTo(206);
    assertThat(tail.text()).isEqualTo("789");
    assertThat(head.text()).isEqualTo("012");
    assertHit(head);
  }

  @Test
  void aPurgeForgetsParts() throws Exception {
    // Given
    range("/range-data/5000", "bytes=-1000");

    // When
    rig.send("POST", "/range-data/5000");
    Rig.Got again = range("/range-data/5000", "bytes=-1000");

    // Then
    assertBytes(again, 4000, 4999, 5000);
    assertThat(again.cacheStatus()).contains("fwd=miss");
  }
}
