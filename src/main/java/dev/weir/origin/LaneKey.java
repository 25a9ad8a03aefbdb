package dev.weir.origin;

/**
 * What connections must have in common to serve each other's requests; the judged address is looked
 * at besides.
 *
 * @param origin scheme and authority
 */
record LaneKey(String origin, ConnectionTerms terms) {}
