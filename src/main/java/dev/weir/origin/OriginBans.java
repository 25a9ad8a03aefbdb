package dev.weir.origin;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The hosts that operators have banned; thread-safe, and free for requests while there are none. A
 * word of an operator carries its time, and of two about one host the later holds, in whatever
 * order they reach a node; that a ban was lifted is therefore remembered for a while.
 */
final class OriginBans {
  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final Pattern NAME =
      Pattern.compile("(\\[[0-9a-f:.]+]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?)(:[0-9]{1,5})?");

  private final OriginSettings.Breaker settings;
  private final LongSupplier nanoTime;
  private final LongSupplier wallMillis;
  private volatile Map<String, Word> words = Map.of();

  OriginBans(OriginSettings.Breaker settings, LongSupplier nanoTime, LongSupplier wallMillis) {
    this.settings = settings;
    this.nanoTime = nanoTime;
    this.wallMillis = wallMillis;
  }

  /** What an operator has last said of a host. */
  private record Word(boolean banned, long decidedAtMillis, boolean endless, long untilNanos) {
    boolean holds(long nowNanos) {
      return banned && (endless || untilNanos - nowNanos > 0);
    }

    long leftMillis(long nowNanos) {
      return endless ? 0 : Math.max(1, (untilNanos - nowNanos) / NANOS_PER_MILLI);
    }
  }

  /** A ban that holds; 0 milliseconds left is without end. */
  record Ban(String host, long leftMillis) {}

  /** A host as bans name it, with a port or without; null for what is none. */
  static @Nullable String named(String text) {
    String lower = text.strip().toLowerCase(Locale.ROOT);
    int scheme = lower.indexOf("://");
    if (scheme >= 0) {
      String rest = lower.substring(scheme + 3);
      rest = rest.endsWith("/") ? rest.substring(0, rest.length() - 1) : rest;
      return NAME.matcher(rest).matches() ? authority(lower.substring(0, scheme + 3) + rest) : null;
    }
    return lower.length() <= 255 && NAME.matcher(lower).matches() ? lower : null;
  }

  /** The host and port of an origin. */
  private static String authority(String origin) {
    String rest = origin.substring(origin.indexOf("://") + 3);
    boolean ported = rest.lastIndexOf(':') > rest.lastIndexOf(']');
    if (ported && rest.indexOf(':') != rest.lastIndexOf(':') && !rest.startsWith("[")) {
      int port = rest.lastIndexOf(':');
      return "[" + rest.substring(0, port) + "]" + rest.substring(port);
    }
    return ported ? rest : rest + ":" + (origin.startsWith("https:") ? 443 : 80);
  }

  /** Whether a ban of that name is about the origin. */
  static boolean isAbout(String named, String origin) {
    String authority = authority(origin);
    return named.equals(authority)
        || named.equals(authority.substring(0, authority.lastIndexOf(':')));
  }

  /** The ban that an origin is under, or null. */
  @Nullable Ban of(String origin) {
    Map<String, Word> now = words;
    if (now.isEmpty()) {
      return null;
    }
    String authority = authority(origin);
    Ban whole = held(now, authority.substring(0, authority.lastIndexOf(':')));
    return whole == null ? held(now, authority) : whole;
  }

  private @Nullable Ban held(Map<String, Word> all, String host) {
    Word word = all.get(host);
    long now = nanoTime.getAsLong();
    return word == null || !word.holds(now) ? null : new Ban(host, word.leftMillis(now));
  }

  /**
   * Takes an operator's word.
   *
   * @param millis how long; 0 is without end
   * @return whether it holds: not if a later one is known, or there are too many
   */
  synchronized boolean say(String host, boolean banned, long millis, long decidedAtMillis) {
    Word known = words.get(host);
    // A clock that runs ahead must not silence operators for as long as it does.
    long decided = Math.min(decidedAtMillis, wallMillis.getAsLong());
    if (known != null && known.decidedAtMillis() > decided) {
      return false;
    }
    long now = nanoTime.getAsLong();
    Map<String, Word> next = new HashMap<>(words);
    next.values().removeIf(word -> isForgotten(word, now));
    if (next.size() >= settings.maxBans() && known == null) {
      return false;
    }
    next.put(host, new Word(banned, decided, millis == 0, now + millis * NANOS_PER_MILLI));
    words = Map.copyOf(next);
    return true;
  }

  private boolean isForgotten(Word word, long nowNanos) {
    return !word.holds(nowNanos)
        && wallMillis.getAsLong() - word.decidedAtMillis() > settings.liftedBanMillis();
  }

  /** The bans that hold. */
  List<Ban> bans() {
    Map<String, Word> now = words;
    return now.keySet().stream().map(host -> held(now, host)).filter(Objects::nonNull).toList();
  }

  /** All that operators have said lately, for a node that has not heard it. */
  List<CircuitNews> news() {
    long now = nanoTime.getAsLong();
    List<CircuitNews> all = new ArrayList<>();
    words.forEach(
        (host, word) -> {
          if (word.holds(now) || !word.banned()) {
            all.add(
                new CircuitNews(
                    host,
                    word.banned() ? CircuitNews.Change.BANNED : CircuitNews.Change.UNBANNED,
                    word.banned() ? word.leftMillis(now) : 0,
                    false,
                    "",
                    word.decidedAtMillis()));
          }
        });
    return all;
  }
}
