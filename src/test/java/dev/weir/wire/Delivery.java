package dev.weir.wire;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** How the same bytes may arrive: a guard must judge them alike. */
enum Delivery {
  WHOLE,
  BYTE_BY_BYTE,
  AT_RANDOM;

  List<String> pieces(String message) {
    List<String> pieces = new ArrayList<>();
    Random random = new Random(message.hashCode());
    int from = 0;
    while (from < message.length()) {
      int most = message.length() - from;
      int size =
          switch (this) {
            case WHOLE -> most;
            case BYTE_BY_BYTE -> 1;
            case AT_RANDOM -> 1 + random.nextInt(Math.min(most, 40));
          };
      pieces.add(message.substring(from, from + size));
      from += size;
    }
    return pieces;
  }

  static List<List<String>> all(String message) {
    List<List<String>> deliveries = new ArrayList<>();
    for (Delivery delivery : values()) {
      // A long message byte by byte costs much and shows nothing new.
      if (delivery != BYTE_BY_BYTE || message.length() < 5_000) {
        deliveries.add(delivery.pieces(message));
      }
    }
    return deliveries;
  }
}
