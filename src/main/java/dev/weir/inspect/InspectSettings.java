package dev.weir.inspect;

import com.typesafe.config.Config;

/**
 * The limits of looking inside, block {@code weir.inspect}; every key and the reason for its
 * default is in {@code reference/inspect.conf}.
 *
 * @param maxChunks of a key that are looked for on the disk and in the object store
 * @param maxPage entries in one page of a list
 */
public record InspectSettings(int maxChunks, int maxPage) {
  public InspectSettings {
    if (maxChunks <= 0 || maxPage <= 0) {
      throw new IllegalArgumentException(
          "weir.inspect.max-chunks and weir.inspect.max-page must be above 0");
    }
  }

  public static InspectSettings from(Config block) {
    return new InspectSettings(block.getInt("max-chunks"), block.getInt("max-page"));
  }
}
