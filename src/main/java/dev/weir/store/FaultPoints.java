package dev.weir.store;

import java.util.List;
import java.util.ServiceLoader;

/**
 * The steps of a commit at which a crash must leave the old entry or the new one. Here nothing
 * happens at any of them: tests bring a {@link Hook} on their class path, and no setting can.
 */
public final class FaultPoints {
  /** The steps, in order; those of held entries exist only with an object store. */
  public enum Point {
    /** A chunk's bytes are all in its spool file. */
    CHUNK_SPOOLED,
    /** A chunk has its name and is durable on this disk. */
    CHUNK_ADOPTED,
    /** The list of a long body's chunks is a chunk itself, and nothing names it. */
    MANIFEST_ADOPTED,
    /** A held entry's chunks are linked, its record is not written. */
    HELD_WITHOUT_RECORD,
    /** A held entry's record is durable. */
    HELD,
    /** A chunk is durable in the object store. */
    CHUNK_PUT,
    /** All chunks are where they belong, the document is about to be written. */
    BEFORE_DOCUMENT,
    /** The document is written, nobody has been told. */
    AFTER_DOCUMENT,
    /** A variant's document is written, and the index that has to list it is not. */
    BEFORE_INDEX,
    /** The document is written, and what was held for it is about to be let go. */
    BEFORE_RELEASE
  }

  /** What a test has happen. */
  @FunctionalInterface
  public interface Hook {
    void reached(Point point);
  }

  private static final List<Hook> HOOKS =
      ServiceLoader.load(Hook.class, FaultPoints.class.getClassLoader()).stream()
          .map(ServiceLoader.Provider::get)
          .toList();

  private FaultPoints() {}

  public static void reached(Point point) {
    for (Hook hook : HOOKS) {
      hook.reached(point);
    }
  }
}
