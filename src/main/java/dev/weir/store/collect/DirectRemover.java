package dev.weir.store.collect;

import dev.weir.entry.Entry;
import dev.weir.store.Document.EntryDocument;
import dev.weir.store.MetadataStore;
import dev.weir.store.MetadataStore.WriteResult;
import dev.weir.store.Retention;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Removes entries from the metadata where no keeper can be asked, by compare-and-set: one that was
 * replaced since is left alone. The index of variants may go on naming it, which readers pass over.
 */
public record DirectRemover(MetadataStore metadata) implements Retention.Remover {
  @Override
  public CompletionStage<Boolean> remove(Entry entry) {
    String id = entry.documentId();
    return metadata
        .read(List.of(id))
        .thenCompose(
            found ->
                found.getFirst().isPresent()
                        && found.getFirst().get().document() instanceof EntryDocument(Entry now)
                        && now.tag().equals(entry.tag())
                    ? metadata
                        .delete(id, found.getFirst().get().version())
                        .thenApply(WriteResult.Written.class::isInstance)
                    : CompletableFuture.completedStage(false));
  }
}
