package dev.weir.policy;

import java.util.ArrayList;
import java.util.List;

/**
 * What must be true of a URL for a matcher to have a chance, in forms an index can look up: at
 * least one of the atoms holds. Without any atom the matcher has always a chance.
 */
record Anchor(List<Atom> anyOf) {
  /** A matcher that has to be tried on every URL. */
  static final Anchor ALWAYS = new Anchor(List.of());

  /** One thing to look up; all texts are in lower case. */
  sealed interface Atom {}

  /** The host is that. */
  record HostIs(String host) implements Atom {}

  /** The host is that domain or one below it. */
  record HostBelow(String domain) implements Atom {}

  /** The URL contains that. */
  record Contains(String text) implements Atom {}

  Anchor {
    anyOf = List.copyOf(anyOf);
  }

  static Anchor of(Atom atom) {
    return new Anchor(List.of(atom));
  }

  /** Of a text that the URL contains; too short a text narrows nothing. */
  static Anchor containing(String text) {
    return text.length() < GramIndex.GRAM_CHARS ? ALWAYS : of(new Contains(text));
  }

  boolean isAlways() {
    return anyOf.isEmpty();
  }

  /** Where all of the matchers have to match, the most telling anchor is enough. */
  static Anchor ofAll(List<Matcher> matchers) {
    Anchor best = ALWAYS;
    for (Matcher matcher : matchers) {
      Anchor anchor = matcher.anchor();
      if (anchor.worth() > best.worth()) {
        best = anchor;
      }
    }
    return best;
  }

  /** Where one is enough, each of them may be the one. */
  static Anchor ofAny(List<Matcher> matchers) {
    List<Atom> atoms = new ArrayList<>();
    for (Matcher matcher : matchers) {
      Anchor anchor = matcher.anchor();
      if (anchor.isAlways()) {
        return ALWAYS;
      }
      atoms.addAll(anchor.anyOf);
    }
    return new Anchor(atoms);
  }

  /** Hosts tell most, then long texts; few atoms are better than many. */
  private int worth() {
    if (isAlways()) {
      return 0;
    }
    int least = Integer.MAX_VALUE;
    for (Atom atom : anyOf) {
      least =
          Math.min(
              least,
              switch (atom) {
                case HostIs ignored -> 1000;
                case HostBelow ignored -> 900;
                case Contains(String text) -> Math.min(text.length(), 100) * 8;
              });
    }
    return Math.max(1, least - anyOf.size());
  }
}
