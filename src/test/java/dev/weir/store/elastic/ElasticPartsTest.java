package dev.weir.store.elastic;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import dev.weir.store.elastic.ElasticClient.Found;
import dev.weir.store.elastic.ElasticClient.Operation;
import dev.weir.store.elastic.ElasticClient.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What needs no server: the JSON both ways, ids, settings, when to stop asking. */
class ElasticPartsTest {
  @TempDir private Path folder;

  private static ElasticSettings settings(Map<String, ?> more) {
    return ElasticSettings.from(
        ConfigFactory.parseMap(more)
            .withFallback(ConfigFactory.parseMap(Map.of("url", "http://127.0.0.1:9200")))
            .withFallback(
                ConfigFactory.parseResources("reference/store.conf")
                    .resolve()
                    .getConfig("weir.store.elasticsearch")));
  }

  @Test
  void documentsAreCutOutOfAnAnswerAsTheyStand() throws Exception {
    // Given
    String source = "{ \"a\":[1,{\"b\":\"\u00e9}\"}] }";
    String answer =
        "{\"took\":1,\"docs\":[{\"_index\":\"i\",\"_id\":\"x\",\"_seq_no\":5,\"_primary_term\":2,"
            + "\"found\":true,\"_source\":"
            + source
            + "},{\"_index\":\"i\",\"_id\":\"y\",\"found\":false},{\"_index\":\"i\",\"_id\":\"z\","
            + "\"error\":{\"type\":\"index_not_found_exception\",\"reason\":\"no such index\"}}]}";
    // When
    List<Found> found = ElasticJson.found(answer.getBytes(UTF_8), 3);
    // Then
    assertThat(found.get(0)).isInstanceOf(Found.Present.class);
    assertThat(new String(((Found.Present) found.get(0)).source(), UTF_8)).isEqualTo(source);
    assertThat(((Found.Present) found.get(0)).version()).isEqualTo("5:2");
    assertThat(found.get(1)).isEqualTo(new Found.Absent());
    assertThat(((Found.Unknown) found.get(2)).trouble().kind()).isEqualTo(Trouble.Kind.NO_INDEX);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{\"docs\":7}",
        "{\"docs\":[]}",
        "{\"docs\":[{\"_id\":\"x\",\"found\":true}]}",
        "{\"docs\":[{\"_id\":\"x\",\"found\":false}",
        "<html>"
      })
  void whatIsNoAnswerIsNeverTakenForOne(String answer) {
    assertThatThrownBy(() -> ElasticJson.found(answer.getBytes(UTF_8), 1))
        .isInstanceOf(IOException.class);
  }

  @Test
  void aPageWithoutAllShardsIsIncomplete() throws Exception {
    // Given
    String answer =
        "{\"_scroll_id\":\"s\",\"timed_out\":false,\"_shards\":{\"total\":2,\"failed\":1},"
            + "\"hits\":{\"total\":{\"value\":0},\"hits\":[]}}";
    // When // Then
    assertThat(ElasticJson.page(answer.getBytes(UTF_8)).complete()).isFalse();
  }

  @Test
  void eachWriteHasItsOwnOutcome() throws Exception {
    // Given
    String answer =
        """
        {"errors":true,"items":[
          {"create":{"status":201,"_seq_no":0,"_primary_term":1}},
          {"index":{"status":409,"error":{"type":"version_conflict_engine_exception"}}},
          {"delete":{"status":404,"_seq_no":3,"_primary_term":1,"result":"not_found"}},
          {"index":{"status":429,"error":{"type":"es_rejected_execution_exception"}}},
          {"index":{"status":403,"error":{"type":"cluster_block_exception"}}},
          {"index":{"status":400,"error":{"type":"strict_dynamic_mapping_exception"}}}]}\
        """;
    // When
    List<Outcome> outcomes = ElasticJson.outcomes(answer.getBytes(UTF_8), 6);
    // Then
    assertThat(outcomes.get(0)).isEqualTo(new Outcome.Done("0:1"));
    assertThat(outcomes.get(1)).isEqualTo(new Outcome.Conflict());
    assertThat(outcomes.get(2)).isEqualTo(new Outcome.Conflict());
    assertThat(kind(outcomes.get(3))).isEqualTo(Trouble.Kind.BUSY);
    assertThat(kind(outcomes.get(4))).isEqualTo(Trouble.Kind.BLOCKED);
    assertThat(kind(outcomes.get(5))).isEqualTo(Trouble.Kind.REFUSED);
  }

  private static Trouble.Kind kind(Outcome outcome) {
    return ((Outcome.Failed) outcome).trouble().kind();
  }

  @Test
  void aBulkHasALineForEachActionAndDocument() {
    // Given
    List<Operation> operations =
        List.of(
            new Operation.Create("i", "a\"\n", "{}".getBytes(UTF_8)),
            new Operation.Replace("i", "b", "{}".getBytes(UTF_8), new SeqNo(7, 1)),
            new Operation.Delete("i", "c", null));
    // When // Then
    assertThat(new String(ElasticJson.bulk(operations), UTF_8))
        .isEqualTo(
            """
            {"create":{"_index":"i","_id":"a\\"\\n"}}
            {}
            {"index":{"_index":"i","_id":"b","if_seq_no":7,"if_primary_term":1}}
            {}
            {"delete":{"_index":"i","_id":"c"}}
            """);
  }

  @Test
  void onlyIdsThatTheServersRefuseAreDigested() {
    String fits = "https/" + "h".repeat(253) + "/_vary/" + "0".repeat(56);
    assertThat(DocumentIds.of(fits)).isEqualTo(fits);
    assertThat(DocumentIds.of("\u00e4".repeat(256))).hasSize(256);
    assertThat(DocumentIds.of("\u00e4".repeat(257))).startsWith("sha256/").hasSize(71);
  }

  @ParameterizedTest
  @CsvSource({
    "'', false",
    "5, false",
    ":1, false",
    "5:1, true",
    "5:x, false",
    "k3, false",
    "9:9:9, false"
  })
  void onlyOurOwnTokensAreVersions(String token, boolean ours) {
    assertThat(SeqNo.parse(token) != null).isEqualTo(ours);
  }

  @Test
  void afterSomeFailuresOnlyAProbeIsAllowed() {
    // Given
    AtomicLong nanos = new AtomicLong();
    ElasticSettings.Failures failures = settings(Map.of("failures.open-after", 2)).failures();
    Outages outages = new Outages("tests", failures, nanos::get);
    Trouble gone = Trouble.of(Trouble.Kind.UNREACHABLE, "gone");
    // When
    outages.failed(Trouble.of(Trouble.Kind.REFUSED, "no outage"));
    outages.failed(gone);
    boolean afterOne = outages.refusal() == null;
    outages.failed(gone);
    // Then
    assertThat(afterOne).isTrue();
    assertThat(outages.refusal()).isEqualTo(gone);
    nanos.addAndGet(1_000_000L * failures.probeMillis());
    assertThat(outages.refusal()).isNull();
    assertThat(outages.refusal()).isEqualTo(gone);
    outages.succeeded();
    assertThat(outages.refusal()).isNull();
  }

  @Test
  void troubleIsToldInOneLine() {
    assertThat(Trouble.of(Trouble.Kind.BUSY, "a\r\nb\u0000" + "c".repeat(999)).text())
        .startsWith("a  b c")
        .hasSize(300);
  }

  @Test
  void secretsAreReadFromFilesAndNeverPrinted() throws Exception {
    // Given
    Path file = Files.writeString(folder.resolve("password"), "hidden\n");
    // When
    ElasticSettings settings = settings(Map.of("user", "weir", "password", "file:" + file));
    // Then
    assertThat(settings.credentials())
        .isEqualTo(new ElasticSettings.Credentials.Basic("weir", "hidden"));
    assertThat(settings.toString()).doesNotContain("hidden");
    assertThat(settings(Map.of("api-key", "id:hidden")).toString()).doesNotContain("hidden");
  }

  @ParameterizedTest
  @CsvSource({
    "url, ftp://x, must be http://",
    "url, http://u:p@x:1, must not hold a password",
    "url, http://x/?q, must be http://",
    "index, Upper, lower-case",
    "index, _x, lower-case",
    "shards, 0, from 1 to 1024",
    "user, weir, belong together",
    "password, file:/no/such/file, cannot read",
    "ca, /some.pem, needs an https"
  })
  void whatMakesNoSenseIsOneSentence(String key, String value, String sentence) {
    assertThatThrownBy(() -> settings(Map.of(key, value)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(sentence);
  }
}
