package dev.weir.policy;

/**
 * How much a network of clients may ask for under a rule; 0 is no limit.
 *
 * @param name of the rule they stand in: what it counts is its own
 * @param requestsPerSecond on the average; twice as many may come at once
 * @param inFlight requests whose answers have not ended
 * @param ipv4Bits how many bits of an IPv4 address make a network
 * @param ipv6Bits and of an IPv6 address
 */
public record Limits(
    String name, int requestsPerSecond, int inFlight, int ipv4Bits, int ipv6Bits) {}
