package dev.weir.policy;

/** What a URL alone says of a matcher: yes, no, or that the rest of the request decides. */
public enum Match {
  YES,
  NO,
  DEPENDS;

  static Match of(boolean matches) {
    return matches ? YES : NO;
  }

  Match negated() {
    return switch (this) {
      case YES -> NO;
      case NO -> YES;
      case DEPENDS -> DEPENDS;
    };
  }
}
