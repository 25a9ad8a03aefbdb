package dev.weir.entry;

import java.util.UUID;

/** The name of one fill, unique for ever; readers never splice the bytes of two. */
public record FillId(String text) {
  public static FillId random() {
    return new FillId(UUID.randomUUID().toString().replace("-", ""));
  }
}
