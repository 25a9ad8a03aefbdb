package dev.weir.store.elastic;

import dev.weir.store.StoreException;
import java.util.concurrent.CompletionException;

/** A request to the servers that failed as a whole. */
final class ElasticFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final transient Trouble trouble;

  ElasticFailure(Trouble trouble) {
    super(trouble.text(), null, false, false);
    this.trouble = trouble;
  }

  Trouble trouble() {
    return trouble;
  }

  /** What any failure of a stage means. */
  static Trouble trouble(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause instanceof ElasticFailure known
        ? known.trouble
        : Trouble.of(Trouble.Kind.UNREACHABLE, cause.toString());
  }

  /** The same for those outside. */
  static StoreException told(Trouble trouble) {
    return new StoreException("Elasticsearch: " + trouble.text());
  }
}
