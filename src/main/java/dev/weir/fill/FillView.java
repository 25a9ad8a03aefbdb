package dev.weir.fill;

import java.util.OptionalLong;

/**
 * A fill that runs, as operators see it.
 *
 * @param url as it was asked for: it may hold secrets
 * @param leads whether this node fetches it; else it reads along with another
 * @param bytes of its body that are here
 * @param length of its body, where the origin said it
 * @param millis since it began here
 */
public record FillView(String url, boolean leads, long bytes, OptionalLong length, long millis) {}
