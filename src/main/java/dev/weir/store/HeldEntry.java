package dev.weir.store;

import dev.weir.entry.Entry;
import dev.weir.entry.Grant;
import java.util.List;

/**
 * An entry whose chunks are on this node's disk and not all in the object store yet: complete and
 * served, but not to be written into the metadata.
 *
 * @param grant it was fetched under
 * @param vary the names its variant was computed from
 */
public record HeldEntry(Grant grant, Entry entry, List<String> vary) {}
