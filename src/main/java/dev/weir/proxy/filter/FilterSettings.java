package dev.weir.proxy.filter;

import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * A filter's own settings: the block {@code weir.filters.<name>}. A value that cannot be read as
 * what is asked for stops the start with one sentence that names its place.
 */
public interface FilterSettings {
  /** Whether the key is set. */
  boolean has(String key);

  String text(String key, String otherwise);

  /** A text that must be there. */
  String text(String key);

  long number(String key, long otherwise);

  boolean flag(String key, boolean otherwise);

  /** A duration such as {@code 500ms} or {@code 2m}. */
  Duration duration(String key, Duration otherwise);

  /** Several texts; empty if the key is not set. */
  List<String> texts(String key);

  /** A block within; empty if the key is not set. */
  FilterSettings block(String key);

  /** The keys that are set here. */
  Set<String> keys();

  /** To be thrown: the value of that key is none, because a sentence says so. */
  IllegalArgumentException bad(String key, String sentence);
}
