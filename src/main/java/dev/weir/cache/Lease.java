package dev.weir.cache;

import dev.weir.entry.Entry;
import java.util.List;

/**
 * A node's right to serve an entry for a while without asking. The term is a duration, for it runs
 * on the holder's own clock; (incarnation, sequence) orders it against revocations.
 *
 * @param vary the field names the key varies by
 * @param incarnation which life of the keeper gave it; later lives have greater numbers
 * @param sequence counts what that keeper has granted and revoked
 */
public record Lease(
    Entry entry, List<String> vary, long incarnation, long sequence, long termMillis)
    implements FleetMessage {
  public Lease {
    vary = List.copyOf(vary);
  }
}
