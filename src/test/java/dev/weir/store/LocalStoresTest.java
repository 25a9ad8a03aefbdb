package dev.weir.store;

import static dev.weir.store.Samples.bytes;
import static dev.weir.store.Samples.commit;
import static dev.weir.store.Samples.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.entry.Entry;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalStoresTest {
  private static final ActorTestKit TESTKIT = ActorTestKit.create();
  @TempDir private Path folder;

  @AfterAll
  static void stop() {
    TESTKIT.shutdownTestKit();
  }

  @Test
  void whatIsCommittedIsThereAfterARestart() throws Exception {
    // Given
    byte[] body = bytes(1, 1_000_000);
    Entry entry;
    try (LocalStores stores = LocalStores.open(folder, Samples.settings())) {
      entry = commit(stores, "a", body, 300_000);
    }
    // When
    try (LocalStores stores = LocalStores.open(folder, Samples.settings())) {
      Optional<Bodies.OpenBody> opened = get(stores.bodies().open(entry));
      ByteString read =
          get(
              opened
                  .orElseThrow()
                  .bytes(0, body.length)
                  .runWith(
                      Sink.fold(ByteString.emptyByteString(), ByteString::concat),
                      TESTKIT.system()));
      // Then
      assertThat(read.toArray()).isEqualTo(body);
      assertThat(get(stores.recovery()).entries()).isEqualTo(1);
      assertThat(get(stores.recovery()).orphanChunks()).isZero();
      assertThat(get(stores.problems())).isEmpty();
    }
  }

  @Test
  void aSecondWeirOnTheSameFolderIsRefusedInWords() throws Exception {
    // Given
    try (LocalStores first = LocalStores.open(folder, Samples.settings())) {
      assertThat(get(first.recovery()).entries()).isZero();
      // When, Then
      assertThatThrownBy(() -> LocalStores.open(folder, Samples.settings()))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("Another Weir is using the data folder");
    }
  }
}
