package dev.weir.policy;

/**
 * How much is asked of each origin under a rule, by one node; 0 is no limit.
 *
 * @param name of the rule they stand in: what it counts is its own
 * @param requestsPerSecond on the average; twice as many may go at once
 * @param inFlight requests whose answers have not ended
 */
public record OriginLimits(String name, int requestsPerSecond, int inFlight) {}
