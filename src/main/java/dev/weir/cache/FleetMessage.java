package dev.weir.cache;

/**
 * Marks what crosses nodes: serialised as CBOR by field name, so records may gain fields but never
 * lose or rename one.
 */
public interface FleetMessage {}
