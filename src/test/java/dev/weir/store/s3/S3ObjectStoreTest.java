package dev.weir.store.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.entry.ChunkId;
import dev.weir.store.ObjectStore;
import dev.weir.store.ObjectStoreConformance;
import dev.weir.store.StoreException;
import dev.weir.testing.Eventually;
import dev.weir.testing.FaultyProxy;
import dev.weir.testing.S3Server;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorSystem;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Chunks in a real S3 server, with a bad line before it. */
@Tag("stores")
class S3ObjectStoreTest extends ObjectStoreConformance {
  @TempDir static Path serverFolder;
  private S3Server server;
  private FaultyProxy proxy;
  private S3StoreSettings settings;

  @Override
  protected ActorSystem startSystem() {
    try {
      server = S3Server.start(serverFolder, "weir");
      proxy = FaultyProxy.before(server.port());
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    settings =
        S3StoreRig.settings(
            proxy.url(),
            Map.of("prefix", "some/where", "response-timeout", "6s", "idle-timeout", "2s"));
    return S3StoreRig.system(settings);
  }

  @Override
  protected ObjectStore openStore() {
    return S3StoreRig.store(settings, system);
  }

  @Override
  protected void cutOff(ChunkId id, int lengthBytes) throws Exception {
    for (Path object : server.objects("weir")) {
      if (object.endsWith(id.hex())) {
        cutOff(object, lengthBytes);
      }
    }
  }

  @AfterEach
  void mend() {
    proxy.set(FaultyProxy.Fault.NONE);
  }

  @AfterAll
  void stopServer() throws Exception {
    proxy.close();
    server.close();
  }

  @Test
  void keysAreThePrefixTheDigitsAndTheDigest() throws Exception {
    // When
    byte[] chunk = put(1000);
    // Then
    String hex = idOf(chunk).hex();
    assertThat(server.objects("weir"))
        .anySatisfy(
            file ->
                assertThat(file.toString())
                    .endsWith(
                        "some/where/data/%s/%s/%s/%s/%s"
                            .formatted(
                                hex.charAt(0), hex.charAt(1), hex.charAt(2), hex.charAt(3), hex)));
  }

  @ParameterizedTest
  @EnumSource(
      value = FaultyProxy.Fault.class,
      names = {"ERROR_500", "SLOW_DOWN", "SILENT", "REFUSED", "RESET_MID_BODY"})
  void aSickServerIsUnavailableNotEmpty(FaultyProxy.Fault fault) throws Exception {
    // Given
    byte[] chunk = put(500_000);
    long failedBefore = store.metrics().failures.sum();
    // When
    proxy.set(fault);
    var read = reading(idOf(chunk), 0, chunk.length);
    // Then
    assertFails(read, StoreException.Kind.UNAVAILABLE);
    assertThat(store.metrics().failures.sum()).isGreaterThan(failedBefore);
    assertThat(store.problem().toCompletableFuture().get(10, TimeUnit.SECONDS)).isPresent();

    // When
    proxy.set(FaultyProxy.Fault.NONE);
    // Then
    assertThat(read(idOf(chunk), 0, chunk.length)).isEqualTo(chunk);
    assertThat(store.problem().toCompletableFuture().get(10, TimeUnit.SECONDS)).isEmpty();
  }

  @Test
  void aSlowServerIsOnlySlow() throws Exception {
    // Given
    byte[] chunk = put(100_000);
    // When
    proxy.set(FaultyProxy.Fault.SLOW);
    // Then
    assertThat(read(idOf(chunk), 0, chunk.length)).isEqualTo(chunk);
  }

  @Test
  void deniedIsAbsentOnlyWhereListingIsDeniedToo() throws Exception {
    // Given a store that has not listed
    ObjectStore other = S3StoreRig.store(settings, system);
    byte[] chunk = put(100_000);
    // When
    proxy.set(FaultyProxy.Fault.DENIED);
    var lengths = other.lengths(List.of(idOf(chunk))).toCompletableFuture();
    // Then
    assertThat(lengths.get(10, TimeUnit.SECONDS)).isEmpty();
  }

  @Test
  void aWrongKeyIsAFailureNotAnEmptyBucket() throws Exception {
    // Given
    byte[] chunk = put(100_000);
    ObjectStore stranger = S3StoreRig.store(settings, system, "another-secret");
    // When
    var read =
        stranger
            .read(idOf(chunk), 0, chunk.length)
            .runFold(0, (sum, bytes) -> sum + bytes.size(), system);
    // Then
    assertFails(read, StoreException.Kind.UNAVAILABLE);
    assertThat(stranger.problem().toCompletableFuture().get(10, TimeUnit.SECONDS))
        .hasValueSatisfying(problem -> assertThat(problem).contains("SignatureDoesNotMatch"));
  }

  @Test
  void aBucketThatIsNotThereIsAFailure() throws Exception {
    // Given
    ObjectStore nowhere =
        S3StoreRig.store(
            S3StoreRig.settings(server.endpoint(), Map.of("bucket", "nowhere")), system);
    // When
    var read = nowhere.read(idOf(new byte[] {1}), 0, 1).runFold(0, (n, b) -> n, system);
    // Then
    assertFails(read, StoreException.Kind.UNAVAILABLE);
  }

  @Test
  void abandonedUploadsAreSwept() throws Exception {
    // Given
    S3ObjectStore here = (S3ObjectStore) store;
    // When
    int swept = here.sweepUploads(java.time.Instant.now()).toCompletableFuture().get();
    // Then
    assertThat(swept).isZero();
  }

  @Test
  void theOwnerIsReadAgainWhereTheFirstTryMeetsSilence() throws Exception {
    // Given
    ObjectStore patient =
        S3StoreRig.store(
            S3StoreRig.settings(
                proxy.url(), Map.of("prefix", "owned", "response-timeout", "500ms")),
            system);
    // When
    proxy.set(FaultyProxy.Fault.SILENT);
    var owner = patient.owner("me", false).toCompletableFuture();
    Eventually.holds(() -> proxy.silenced() > 0);
    proxy.set(FaultyProxy.Fault.NONE);
    // Then
    assertThat(owner.get(30, TimeUnit.SECONDS)).isEqualTo("me");
    assertThat(patient.owner("you", false).toCompletableFuture().get(10, TimeUnit.SECONDS))
        .isEqualTo("me");
    assertThat(patient.owner("you", true).toCompletableFuture().get(10, TimeUnit.SECONDS))
        .isEqualTo("you");
  }

  @Test
  void settingsThatMakeNoSenseAreRefusedInOneSentence() {
    assertThatThrownBy(() -> S3StoreRig.settings("ftp://here", Map.of()))
        .hasMessageContaining("endpoint must be an http or https URL");
    assertThatThrownBy(() -> S3StoreRig.settings("", Map.of("hash-prefix-depth", 9)))
        .hasMessageContaining("hash-prefix-depth must be from 0 to 8");
    assertThat(Optional.of(S3StoreRig.settings("", Map.of("prefix", "/a")).prefix()))
        .contains("a/");
  }

  private static ChunkId idOf(byte[] bytes) {
    try {
      return new ChunkId(
          java.util.HexFormat.of()
              .formatHex(java.security.MessageDigest.getInstance("SHA-256").digest(bytes)));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
