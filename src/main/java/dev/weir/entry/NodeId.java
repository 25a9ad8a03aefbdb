package dev.weir.entry;

/** The name of a node in the fleet: stable for one run of its process. */
public record NodeId(String text) {}
