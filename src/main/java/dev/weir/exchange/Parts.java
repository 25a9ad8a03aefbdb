package dev.weir.exchange;

import dev.weir.cache.Cache;
import dev.weir.origin.Origins;
import java.time.Clock;
import java.util.function.UnaryOperator;
import org.apache.pekko.stream.Materializer;

/**
 * What the phases share.
 *
 * @param background the exchange that goes on with a request while nobody waits
 */
record Parts(
    ExchangeSettings settings,
    Clock clock,
    Cache cache,
    Origins origins,
    Routes routes,
    Signatures signatures,
    OriginHeads heads,
    Answers answers,
    Hits hits,
    Mending mending,
    Failures failures,
    Fallback fallback,
    UnaryOperator<Exchange> background,
    Materializer materializer) {}
