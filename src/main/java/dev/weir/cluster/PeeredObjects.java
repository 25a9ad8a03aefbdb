package dev.weir.cluster;

import dev.weir.entry.ChunkId;
import dev.weir.entry.NodeId;
import dev.weir.store.ForwardingObjects;
import dev.weir.store.ObjectStore;
import dev.weir.store.StoreException;
import java.util.Iterator;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.pf.PFBuilder;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * The fleet's object store, and behind it the disks of the other nodes: a chunk that is not there
 * may be of an entry that is held, complete on the node that fetched it and on its way into the
 * store. Readers check the digest as for any chunk that arrives.
 */
public final class PeeredObjects extends ForwardingObjects {
  private final PeerClient client;
  private final Supplier<Set<NodeId>> peers;

  /**
   * @param peers the other nodes known now
   */
  public PeeredObjects(ObjectStore store, PeerClient client, Supplier<Set<NodeId>> peers) {
    super(store);
    this.client = client;
    this.peers = peers;
  }

  @Override
  public Source<ByteString, NotUsed> read(ChunkId id, long from, long to) {
    Source<ByteString, NotUsed> stored = store.read(id, from, to);
    return from > 0
        ? stored
        : stored.recoverWithRetries(
            1,
            new PFBuilder<Throwable, Source<ByteString, NotUsed>>()
                .match(
                    StoreException.class,
                    failure -> failure.kind() == StoreException.Kind.ABSENT,
                    absent -> fromPeers(id, to, peers.get().iterator(), absent))
                .build());
  }

  /** The first that has it; nothing has been handed on before a peer's first byte. */
  private Source<ByteString, NotUsed> fromPeers(
      ChunkId id, long length, Iterator<NodeId> left, StoreException absent) {
    if (!left.hasNext()) {
      return Source.failed(absent);
    }
    return Source.completionStageSource(
            client
                .chunk(left.next(), id, length)
                .exceptionally(none -> fromPeers(id, length, left, absent)))
        .mapMaterializedValue(ignored -> NotUsed.getInstance());
  }
}
