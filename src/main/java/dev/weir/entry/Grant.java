package dev.weir.entry;

/**
 * A keeper's permission to fetch for a key and, under this epoch, to commit what was fetched. A
 * fill without one never commits.
 */
public record Grant(PrimaryKey key, FillId fill, Epoch epoch, NodeId leader) {}
