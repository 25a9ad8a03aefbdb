package dev.weir.proxy.filter;

/** What a filter does with the bodies of an exchange. */
public enum BodyUse {
  /** Nothing: it is not asked for filters of bodies. */
  NONE,
  /** It looks at them, holds them up or breaks them off; what its steps say of bytes is ignored. */
  WATCH,
  /**
   * Other bytes may come out than go in. Such a body has no length ahead, its entity tag is a weak
   * one, its digests are dropped, and there are no ranges of it: a request's Range is not heeded.
   */
  CHANGE
}
