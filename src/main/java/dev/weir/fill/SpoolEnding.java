package dev.weir.fill;

import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.http.NamedDigest;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of what a fill has spooled: it is committed if it is whole, not too large, and what
 * its URL says that it is.
 */
record SpoolEnding(FillId id, FillPlan plan, FillContext context, FillReport report) {
  private static final Logger LOG = LoggerFactory.getLogger(SpoolEnding.class);

  private static final String TOO_LARGE = "too-large";
  private static final String NOT_THAT_RANGE = "content-range";
  private static final String NOT_THAT_DIGEST = "digest";

  /**
   * The spool has ended.
   *
   * @param commitment what is stored of it, or null if it was only for its readers
   */
  void spooled(Spool.Outcome outcome, @Nullable Commitment commitment) {
    Grant grant = report.grant();
    switch (outcome) {
      case Spool.Outcome.Whole(Body bytes) when commitment != null && grant != null ->
          commit(grant, commitment, bytes);
      case Spool.Outcome.Whole whole -> report.unstored("no-grant");
      case Spool.Outcome.Unstored(String reason) -> report.unstorable(reason);
    }
  }

  private void commit(Grant grant, Commitment commitment, Body bytes) {
    if (bytes.length() > plan.maxObjectBytes()) {
      report.unstorable(TOO_LARGE);
      return;
    }
    Entry entry = commitment.entry(grant, plan.url(), id, bytes);
    if (entry == null) {
      report.unstorable(NOT_THAT_RANGE);
      return;
    }
    NamedDigest named = NamedDigest.of(plan.request().head().target());
    if (named == null) {
      commit(grant, commitment, entry);
    } else {
      context.spools().blocking().execute(() -> commitIf(named, grant, commitment, entry));
    }
  }

  private void commit(Grant grant, Commitment commitment, Entry entry) {
    report.commit(grant, entry, commitment.vary(), context.settings().commitTimeoutMillis());
  }

  /** Its readers may have had it all by then: they know the digest too. */
  private void commitIf(NamedDigest named, Grant grant, Commitment commitment, Entry entry) {
    boolean holds = false;
    try {
      holds = DigestCheck.holds(named, entry.body(), context.spools().chunks());
    } catch (IOException | RuntimeException unreadable) {
      LOG.warn("A body could not be compared with the digest in its URL", unreadable);
    }
    if (holds) {
      commit(grant, commitment, entry);
      return;
    }
    LOG.warn(
        "What {} sent is not of the digest {} that its URL names, or only a part: not stored",
        plan.request().head().authority(),
        named.hex());
    report.unstorable(NOT_THAT_DIGEST);
  }
}
