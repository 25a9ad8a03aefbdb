package dev.weir.store.elastic;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.store.MetadataStore.Version;
import dev.weir.store.MetadataStore.WriteResult;
import dev.weir.store.Notes;
import dev.weir.store.StoreException;
import dev.weir.store.elastic.ElasticClient.Found;
import dev.weir.store.elastic.ElasticClient.Operation;
import dev.weir.store.elastic.ElasticClient.Ref;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Notes in an index of their own, so that no walk through the documents meets them. Reads have a
 * write's time: who asks is no client.
 */
final class ElasticNotes implements Notes {
  private final ElasticClient client;
  private final IndexSetup setup;
  private final Writes writes;
  private final String index;
  private final long timeoutMillis;

  ElasticNotes(ElasticClient client, IndexSetup setup, Writes writes, ElasticSettings settings) {
    this.client = client;
    this.setup = setup;
    this.writes = writes;
    this.index = settings.notesIndex();
    this.timeoutMillis = settings.writes().timeoutMillis();
  }

  @Override
  public CompletionStage<Optional<Note>> read(String id) {
    return setup
        .ready()
        .thenCompose(_ -> client.multiGet(List.of(new Ref(index, id, true)), timeoutMillis))
        .thenApply(
            found ->
                switch (found.getFirst()) {
                  case Found.Absent() -> Optional.<Note>empty();
                  case Found.Present present -> Optional.of(note(present));
                  case Found.Unknown(Trouble trouble) -> throw ElasticFailure.told(trouble);
                })
        .exceptionallyCompose(failure -> CompletableFuture.failedStage(told(failure)));
  }

  private static StoreException told(Throwable failure) {
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    return cause instanceof StoreException known
        ? known
        : ElasticFailure.told(ElasticFailure.trouble(failure));
  }

  private static Note note(Found.Present present) {
    try {
      JsonNode source = ElasticJson.tree(present.source());
      return new Note(present.id(), source.path("note").asText(""), new Version(present.version()));
    } catch (IOException e) {
      throw StoreException.of("A note is damaged", e);
    }
  }

  @Override
  public CompletionStage<WriteResult> write(String id, String text, Version expected) {
    byte[] source = ElasticJson.object(json -> json.writeStringField("note", text));
    if (expected.equals(Version.ABSENT)) {
      return writes.submit(new Operation.Create(index, id, source));
    }
    SeqNo version = SeqNo.parse(expected.token());
    return version == null
        ? CompletableFuture.completedStage(new WriteResult.Conflict())
        : writes.submit(new Operation.Replace(index, id, source, version));
  }

  @Override
  public CompletionStage<WriteResult> delete(String id, Version expected) {
    SeqNo version = SeqNo.parse(expected.token());
    return version == null
        ? CompletableFuture.completedStage(new WriteResult.Conflict())
        : writes.submit(new Operation.Delete(index, id, version));
  }

  @Override
  public Source<Note, NotUsed> scan() {
    return Source.completionStageSource(setup.ready().thenApply(_ -> client.scan(index)))
        .map(ElasticNotes::note)
        .mapError(ElasticFailure.class, failure -> ElasticFailure.told(failure.trouble()))
        .mapMaterializedValue(_ -> NotUsed.getInstance());
  }
}
