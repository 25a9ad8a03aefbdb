package dev.weir.rules;

import dev.weir.policy.Mount;
import dev.weir.policy.Policy;
import dev.weir.policy.PolicyTable;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rules of a running node. A change of the files takes their place as a whole, in one step;
 * files that cannot be used change nothing. The files that secrets come from count among them.
 * Whoever asks {@link #get} keeps what it got.
 */
public final class LiveRules implements Supplier<PolicyTable> {
  private static final Logger LOG = LoggerFactory.getLogger(LiveRules.class);

  private final List<Path> paths;
  private final Policy defaultPolicy;
  private final RulesSettings limits;
  private final AtomicLong reloads = new AtomicLong();
  private final AtomicLong failures = new AtomicLong();
  private volatile RuleBook book;
  private volatile String problem = "";
  private String seen;

  /** What the secrets' files said when they were last read, and those of the rules in force. */
  private String seenSecrets;

  private String secrets;
  private long number = 1;

  /** What became of a reload. */
  public sealed interface Outcome {
    /** They are in force now. */
    record Loaded(String version, int rules) implements Outcome {}

    /** The files say what they said before. */
    record Unchanged(String version) implements Outcome {}

    /** They cannot be used; the rules before them stay in force. */
    record Refused(String reason, String version) implements Outcome {}
  }

  /**
   * Loads them for the first time; blocks on files.
   *
   * @throws RuleFileException for files that cannot be used
   */
  public LiveRules(List<Path> paths, Policy defaultPolicy, RulesSettings limits) {
    this.paths = List.copyOf(paths);
    this.defaultPolicy = defaultPolicy;
    this.limits = limits;
    this.book = RuleFiles.load(this.paths, defaultPolicy, limits, number);
    this.seen = book.digest();
    this.secrets = RuleFiles.secrets(book);
    this.seenSecrets = secrets;
  }

  /** The same with the usual limits. */
  public LiveRules(List<Path> paths, Policy defaultPolicy) {
    this(paths, defaultPolicy, RulesSettings.usual());
  }

  /** The rules in force. */
  @Override
  public PolicyTable get() {
    return book.table();
  }

  /** The mounts of a mirror, the same list as long as nothing changes. */
  public List<Mount> mounts() {
    return book.mounts();
  }

  public String version() {
    return book.table().version();
  }

  /** How often files took the place of others. */
  public long reloads() {
    return reloads.get();
  }

  /** How often files could not be used. */
  public long failures() {
    return failures.get();
  }

  /** How often an expression of a rule failed or would have cost too much, in this process. */
  public long expressionFailures() {
    return RuleExpression.failures();
  }

  /** Why the files as they are now are not in force; null if they are. */
  public @Nullable String problem() {
    String now = problem;
    return now.isEmpty() ? null : now;
  }

  /** Loads the files if they say something new; blocks on files. */
  public synchronized Outcome reload() {
    try {
      seen = RuleFiles.digest(paths);
      // Read before the rules are: a change between the two is found the next time.
      seenSecrets = RuleFiles.secrets(book);
      if (seen.equals(book.digest()) && seenSecrets.equals(secrets)) {
        problem = "";
        return new Outcome.Unchanged(version());
      }
      RuleBook loaded = RuleFiles.load(paths, defaultPolicy, limits, number + 1);
      number++;
      // Of the same files: those it has newly named are looked at as they are now.
      secrets = loaded.digest().equals(book.digest()) ? seenSecrets : RuleFiles.secrets(loaded);
      seenSecrets = secrets;
      seen = loaded.digest();
      book = loaded;
      problem = "";
      reloads.incrementAndGet();
      LOG.info("rules {} are in force: {} rules", version(), loaded.table().rules().size());
      return new Outcome.Loaded(version(), loaded.table().rules().size());
    } catch (RuleFileException bad) {
      return refused(String.valueOf(bad.getMessage()));
    }
  }

  private Outcome refused(String reason) {
    if (!reason.equals(problem)) {
      failures.incrementAndGet();
      LOG.warn("the rule files cannot be used, rules {} stay in force: {}", version(), reason);
    }
    problem = reason;
    return new Outcome.Refused(reason, version());
  }

  /** Reloads if the files have changed since they were last looked at; blocks on files. */
  public synchronized void look() {
    if (paths.isEmpty()) {
      return;
    }
    try {
      if (RuleFiles.digest(paths).equals(seen) && RuleFiles.secrets(book).equals(seenSecrets)) {
        // They may have been away and come back as they were.
        boolean inForce = seen.equals(book.digest()) && seenSecrets.equals(secrets);
        problem = inForce ? "" : problem;
        return;
      }
    } catch (RuleFileException unreadable) {
      refused(String.valueOf(unreadable.getMessage()));
      return;
    }
    reload();
  }
}
