package dev.weir.admin;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/** What operators may do to a running node over its health port; implemented above. */
public interface Operations {
  /**
   * Forgets what is stored of a URL, on all nodes. Never fails.
   *
   * @param fields of the request whose key it is, each as {@code NAME:VALUE}
   */
  CompletionStage<Purged> purge(String url, List<String> fields);

  /** The fleet as this node sees it, a JSON object. Never fails. */
  CompletionStage<String> cluster();

  /** Reads the rule files again; blocks on files. Never fails. */
  Reloaded reloadRules();

  /** Which rules are in force, a JSON object. */
  String rules();

  /**
   * What became of it.
   *
   * @param good whether the files as they are now are in force
   */
  record Reloaded(boolean good, String words) {}

  /**
   * What is stored of a URL. Never fails.
   *
   * @param fields as for a purge
   */
  CompletionStage<Look> show(String url, List<String> fields);

  /**
   * What is stored of a host ("" for all), one page after the other. Never fails.
   *
   * @param after the last id of the page before, or empty
   */
  CompletionStage<Look> list(String host, String after, int limit);

  /** What was seen inside. */
  sealed interface Look {
    /** A JSON object. */
    record Found(String json) implements Look {}

    record Nothing() implements Look {}

    record NotAUrl() implements Look {}

    /** The stores cannot say; a sentence. */
    record Failed(String reason) implements Look {}
  }

  /**
   * Begins a collection ("gc") or a check ("fsck") beside normal work.
   *
   * @param options names of what is switched on
   * @return false if one is under way already
   */
  boolean care(String task, Set<String> options);

  /** The origins that are left alone or failed lately, and the bans, a JSON object. */
  String breakers();

  /**
   * Leaves a host alone, on all nodes.
   *
   * @param host with a port or without
   * @param seconds how long; 0 until it is lifted
   * @return false for what is no host, or if there are too many bans
   */
  boolean ban(String host, long seconds);

  /** Lifts a ban and has an origin asked again, on all nodes; false for what is no host. */
  boolean unban(String host);

  /** The collection or check under way, or the last, a JSON object. */
  String careStatus();

  /** What became of a purge. */
  enum Purged {
    /** It was stored; no node serves it any more. */
    DONE,
    /** Nothing was stored, and nothing that was on its way will be. */
    NOTHING,
    /** A node did not acknowledge, or the store could not be written: it may come back. */
    INCOMPLETE,
    /** That is no absolute http or https URL, or no field. */
    NOT_A_URL
  }
}
