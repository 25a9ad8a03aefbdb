package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.ChunkId;
import dev.weir.policy.Policy;
import dev.weir.testing.Eventually;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.RangedBody;
import dev.weir.testing.Seen;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Chunks that are lost or damaged under a stored body, and what their origin gives back. */
final class MendingTest {
  private static final int CHUNK = 8 << 20;
  private static final String TARGET = "/big";

  private final byte[] body = new byte[20 << 20];
  private Rig rig;
  private RangedBody origin;

  @BeforeEach
  void start() throws Exception {
    new Random(System.nanoTime()).nextBytes(body);
    rig = new Rig(Policy.STANDARD);
    origin = new RangedBody(body, "\"one\"");
    rig.origin.on(TARGET, origin);
    assertThat(rig.get(TARGET).body()).isEqualTo(body);
    // Only when the fill has let it go are its files nobody's but the store's.
    Eventually.holds(rig::nothingRuns);
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  private Path chunk(int index) throws Exception {
    byte[] bytes =
        Arrays.copyOfRange(body, index * CHUNK, Math.min((index + 1) * CHUNK, body.length));
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
    return rig.world.file(new ChunkId(HexFormat.of().formatHex(digest)));
  }

  private List<String> ranges() {
    return rig.origin.seen(TARGET).stream()
        .filter(Seen::isRange)
        .map(RangedBody::conditionalRange)
        .toList();
  }

  @Test
  void aLostChunkAloneIsFetchedAgain() throws Exception {
    // Given
    Files.delete(chunk(1));
    // When
    Rig.Got got = rig.get(TARGET);
    Rig.Got next = rig.get(TARGET);
    // Then
    assertThat(got.body()).isEqualTo(body);
    assertThat(got.cacheStatus()).contains("hit");
    assertThat(next.body()).isEqualTo(body);
    assertThat(ranges()).containsExactly("bytes=" + CHUNK + "-" + (2 * CHUNK - 1));
    assertThat(rig.origin.count(TARGET)).isEqualTo(2);
    assertThat(Files.size(chunk(1))).isEqualTo(CHUNK);
  }

  @Test
  void aRangeNeedsItsOwnChunksOnly() throws Exception {
    // Given
    Files.delete(chunk(0));
    // When
    Rig.Got got = rig.get(TARGET, "Range", "bytes=" + CHUNK + "-" + (CHUNK + 9));
    // Then
    assertThat(got.status()).isEqualTo(206);
    assertThat(got.body()).isEqualTo(Arrays.copyOfRange(body, CHUNK, CHUNK + 10));
    assertThat(ranges()).isEmpty();
  }

  @Test
  void oneRepairServesAllWhoNeedTheChunk() throws Exception {
    // Given
    Files.delete(chunk(2));
    // When
    List<CompletableFuture<ProxyClient.Response>> clients = rig.clients(8, TARGET);
    // Then
    for (CompletableFuture<ProxyClient.Response> client : clients) {
      assertThat(client.get(60, TimeUnit.SECONDS).body()).isEqualTo(body);
    }
    assertThat(ranges()).containsExactly("bytes=" + 2 * CHUNK + "-");
    assertThat(rig.origin.count(TARGET)).isEqualTo(2);
  }

  @Test
  void aChunkCutOffUnderItsReaderCutsThatAnswerAndTheNextIsWhole() throws Exception {
    // Given the chunk mapped by a reader before
    assertThat(rig.get(TARGET).body()).isEqualTo(body);
    try (FileChannel file = FileChannel.open(chunk(1), StandardOpenOption.WRITE)) {
      file.truncate(1_000);
    }
    // When
    CompletableFuture<ProxyClient.Response> cut = rig.client("GET", TARGET);
    // Then
    assertThat(cut).failsWithin(60, TimeUnit.SECONDS);
    assertThat(rig.get(TARGET).body()).isEqualTo(body);
    assertThat(ranges()).containsExactly("bytes=" + CHUNK + "-" + (2 * CHUNK - 1));
    assertThat(rig.origin.count(TARGET)).isEqualTo(2);
  }

  @Test
  void whatTheOriginHasChangedIsReplacedAsAWhole() throws Exception {
    // Given
    byte[] other = new byte[1_000_000];
    new Random(7).nextBytes(other);
    origin.change(other, "\"two\"");
    Files.delete(chunk(1));
    // When
    Rig.Got got = rig.get(TARGET);
    Eventually.holds(rig::nothingRuns);
    // Then
    assertThat(got.body()).isEqualTo(other);
    assertThat(rig.get(TARGET).cacheStatus()).contains("hit");
    assertThat(rig.get(TARGET).body()).isEqualTo(other);
  }

  @Test
  void otherBytesUnderTheSameTagAreNotTaken() throws Exception {
    // Given
    byte[] other = body.clone();
    other[CHUNK + 5] ^= 1;
    origin.change(other, "\"one\"");
    Files.delete(chunk(1));
    // When
    Rig.Got got = rig.get(TARGET);
    // Then
    assertThat(got.body()).isEqualTo(other);
  }

  @Test
  void withoutAStrongValidatorTheWholeIsFetched() throws Exception {
    // Given
    rig.origin.on("/weak", new RangedBody(body, "W/\"one\""));
    rig.get("/weak");
    Eventually.holds(rig::nothingRuns);
    Files.delete(chunk(1));
    // When
    Rig.Got got = rig.get("/weak");
    // Then
    assertThat(got.body()).isEqualTo(body);
    assertThat(rig.origin.count("/weak", Seen::isRange)).isZero();
  }

  @Test
  void anOriginThatCannotAnswerNowCostsTheAnswerNotTheEntry() throws Exception {
    // Given
    Files.delete(chunk(1));
    origin.fail(503);
    // When
    Rig.Got sick = rig.get(TARGET);
    Rig.Got other = rig.get(TARGET, "Range", "bytes=0-9");
    origin.fail(0);
    Rig.Got got = rig.get(TARGET);
    // Then
    assertThat(sick.status()).isEqualTo(503);
    assertThat(other.body()).isEqualTo(Arrays.copyOf(body, 10));
    assertThat(got.body()).isEqualTo(body);
    assertThat(got.cacheStatus()).contains("hit");
  }
}
