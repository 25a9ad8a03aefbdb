package dev.weir.proxy.filter;

/**
 * How an exchange ended.
 *
 * @param status what the client got
 * @param reason the label in Cache-Status, log and metrics: fresh, miss, revalidated, ...
 * @param note what the label leaves open, or empty
 * @param bytes of the body, as far as it was sent
 * @param complete whether the body was sent to its end
 */
public record ExchangeSummary(
    int status, String reason, String note, long bytes, long millis, boolean complete) {}
