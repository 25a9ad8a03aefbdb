package dev.weir.origin;

import dev.weir.http.Authority;

/** The one server that requests for any authority go to: the origin behind a reverse listener. */
public record Upstream(String scheme, Authority authority) {}
