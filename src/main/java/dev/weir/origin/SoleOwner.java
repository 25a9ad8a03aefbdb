package dev.weir.origin;

/** Owns a connection that serves one request and is never pooled. */
record SoleOwner(OriginMetrics metrics) implements OriginConnection.Owner {
  @Override
  public void free(OriginConnection connection) {
    connection.retire();
  }

  @Override
  public boolean takeIdle(OriginConnection connection) {
    return true;
  }

  @Override
  public void notWritten(OriginConnection connection, PendingFetch fetch) {
    fetch.answer.completeExceptionally(
        new OriginFailure(
            OriginFailure.Kind.CLOSED, "The origin closed the connection at once.", null));
  }

  @Override
  public void diedOnReuse(OriginConnection connection) {
    // It has no siblings.
  }

  @Override
  public void closed(OriginConnection connection) {
    metrics.closed.increment();
  }
}
