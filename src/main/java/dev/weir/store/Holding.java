package dev.weir.store;

import dev.weir.entry.Entry;
import dev.weir.entry.FillId;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What stands between a complete fill and its document where chunks have a durable home elsewhere:
 * entries are held on this node until the last chunk has arrived there.
 */
public interface Holding {
  /** Whether that entry's bytes have to be brought to the object store before it is written. */
  boolean concerns(Entry entry);

  /**
   * Keeps the entry's chunks on this disk until they are durable elsewhere. Completes when a crash
   * cannot lose that, with nothing, or with the reason why it is not held: there is no room. The
   * caller has its chunks pinned meanwhile, and then says {@link #accepted} or {@link #release}.
   */
  CompletionStage<Optional<String>> hold(HeldEntry held);

  /** Its keeper serves it: bring it to the object store. */
  void accepted(FillId tag);

  /** It is not wanted any more. */
  void release(FillId tag);

  /** What is held now, for keepers that know nothing yet. */
  List<HeldEntry> held();

  /** Who is told when the last chunk of an entry is durable. */
  void announceBy(Announcer announcer);

  /** Why nothing more can be held now, in a word; for requests that would be stored otherwise. */
  Optional<String> full();

  /** Who writes documents. */
  interface Announcer {
    /** Completes with whether that is settled, one way or the other; if not it is asked again. */
    CompletionStage<Boolean> durable(HeldEntry held);

    /** Its bytes are not what they should be any more: it must not be served on. */
    void lost(HeldEntry held);
  }

  /** Where chunks are durable as soon as they are adopted, nothing is held. */
  Holding NOTHING =
      new Holding() {
        @Override
        public boolean concerns(Entry entry) {
          return false;
        }

        @Override
        public CompletionStage<Optional<String>> hold(HeldEntry held) {
          return CompletableFuture.completedStage(Optional.empty());
        }

        @Override
        public void accepted(FillId tag) {}

        @Override
        public void release(FillId tag) {}

        @Override
        public List<HeldEntry> held() {
          return List.of();
        }

        @Override
        public void announceBy(Announcer announcer) {}

        @Override
        public Optional<String> full() {
          return Optional.empty();
        }
      };
}
