package dev.weir.origin;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the rules of a request say of the way to its origin.
 *
 * @param circuit when the origin is left alone
 * @param pace how much may be asked of it, or null
 * @param redirects how many are followed here
 * @param manner on whose behalf it is asked
 * @param upstream the server to ask in place of the request's own authority, or null
 * @param steps what stands round the request on its way, or null
 * @param connection how connections are made
 */
public record OriginTerms(
    CircuitTerms circuit,
    @Nullable Pace pace,
    int redirects,
    Manner manner,
    @Nullable Upstream upstream,
    @Nullable OriginSteps steps,
    ConnectionTerms connection) {
  /** Where rules say nothing. */
  public static final OriginTerms USUAL =
      new OriginTerms(
          CircuitTerms.DEFAULT, null, 0, Manner.USUAL, null, null, ConnectionTerms.USUAL);

  /** On behalf of a client of the forward proxy. */
  public OriginTerms(CircuitTerms circuit, @Nullable Pace pace, int redirects) {
    this(circuit, pace, redirects, Manner.USUAL);
  }

  /** The same over other connections. */
  public OriginTerms over(ConnectionTerms other) {
    return new OriginTerms(circuit, pace, redirects, manner, upstream, steps, other);
  }

  /** What holds for another origin that this one sends us to. */
  public OriginTerms forStrangers() {
    return over(connection.forStrangers());
  }

  /** To the request's own authority, straight. */
  public OriginTerms(CircuitTerms circuit, @Nullable Pace pace, int redirects, Manner manner) {
    this(circuit, pace, redirects, manner, null, null, ConnectionTerms.USUAL);
  }

  /** The same with that round the request. */
  public OriginTerms through(OriginSteps round) {
    return new OriginTerms(circuit, pace, redirects, manner, upstream, round, connection);
  }

  /** The same for a request whose failure says nothing about the origin's health. */
  public OriginTerms uncounted() {
    return new OriginTerms(
        circuit.uncounted(), pace, redirects, manner, upstream, steps, connection);
  }

  /** The same to another server. */
  public OriginTerms to(Upstream other) {
    return new OriginTerms(circuit, pace, redirects, manner, other, steps, connection);
  }

  /**
   * How much may be asked of each origin; 0 is no limit.
   *
   * @param name under which is counted
   * @param requestsPerSecond on the average; twice as many may go at once
   * @param inFlight requests whose answers have not ended
   */
  public record Pace(String name, int requestsPerSecond, int inFlight) {}

  /**
   * On whose behalf an origin is asked.
   *
   * @param gate the name of the egress gate that judges it, and each hop of redirects; empty for
   *     that of the forward proxy
   * @param ownFields fields for the first host alone, beside Authorization and cookies: redirects
   *     to others go without them
   * @param relaysRedirects whether a redirect that cannot be followed is the answer; otherwise it
   *     is a failure, because the answer would lead the client elsewhere
   */
  public record Manner(String gate, Set<String> ownFields, boolean relaysRedirects) {
    public static final Manner USUAL = new Manner("", Set.of(), true);

    public Manner {
      ownFields = Set.copyOf(ownFields);
    }

    /**
     * On behalf of a mirror's client, who has no credentials and chose the origin by a URL: it goes
     * by a gate of its own.
     */
    public boolean byMirror() {
      return !gate.isEmpty();
    }
  }
}
