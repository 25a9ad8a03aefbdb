package dev.weir.filters;

import dev.weir.http.RequestHead;
import java.net.InetSocketAddress;

/**
 * What filters are told of an exchange.
 *
 * @param head as received, the fields that speak to this cache among them
 * @param connection stands for the client's connection: what filters keep with it lives as long
 * @param background whether no client waits
 */
public record Incoming(
    String id,
    RequestHead head,
    InetSocketAddress client,
    InetSocketAddress listener,
    Object connection,
    boolean background) {}
