package dev.weir.policy;

import dev.weir.policy.Matcher.Except;
import dev.weir.policy.Matcher.HostAndPathContains;
import dev.weir.policy.Matcher.HostContains;
import dev.weir.policy.Matcher.HostPrefix;
import dev.weir.policy.Matcher.Immutable;
import dev.weir.policy.Matcher.UrlRegex;
import dev.weir.policy.Matcher.UrlSuffix;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The rules that hold unless the operator brings others. Content that never changes is known by the
 * shape of its path and goes before the general rules, but never against a rule that denies: such
 * hosts are exempt from the shapes, which keeps the order of the other rules as it always was.
 */
public final class DefaultRules {
  private static final long DAY_MILLIS = 24L * 60 * 60 * 1000;

  /** What never changes is not asked for again for a year; a purge is the way to be rid of it. */
  private static final long IMMUTABLE_MILLIS = 365 * DAY_MILLIS;

  private DefaultRules() {}

  /** All of them, in order. */
  public static List<Rule> list() {
    List<Rule> denying = denying();
    List<Rule> rules = new ArrayList<>();
    rules.add(Rule.of("onboarding-host", new HostAndPathContains("/mitm.it/"), Policy.NO_CACHE));
    List<Matcher> denied = denying.stream().map(Rule::matcher).toList();
    for (ImmutablePath shape : ImmutablePath.values()) {
      String name = "immutable-" + shape.name().toLowerCase(Locale.ROOT).replace('_', '-');
      rules.add(
          Rule.of(name, new Except(new Immutable(shape), denied), Policy.STALE_IF_ERROR)
              .withFreshnessOverrideMillis(IMMUTABLE_MILLIS));
    }
    rules.addAll(packages());
    rules.addAll(denying);
    rules.add(
        stale("snapshot-repository", new HostAndPathContains("mran.microsoft.com/snapshot/")));
    return List.copyOf(rules);
  }

  private static List<Rule> packages() {
    return List.of(
        stale("debian-package", new UrlSuffix(".deb")),
        stale("debian-index", new UrlSuffix("/Packages")),
        stale("debian-index-gz", new UrlSuffix("/Packages.gz")),
        stale("debian-index-xz", new UrlSuffix("/Packages.xz")),
        stale("debian-release", new UrlSuffix("/InRelease")),
        stale("debian-by-hash", UrlRegex.of("by-hash/[A-Z0-9]+/[a-f0-9]+$", "by-hash/")),
        stale("python-files", new HostContains("files.pythonhosted.org", "")),
        stale("python-index", new HostAndPathContains("pypi.org/simple"))
            .withForcedStaleWhileRevalidateMillis(DAY_MILLIS));
  }

  /** Instance metadata hands out credentials; object stores are fast and private. */
  private static List<Rule> denying() {
    return List.of(
        deny("metadata-169-254-169", new HostPrefix("169.254.169.")),
        deny("metadata-169-254-170", new HostPrefix("169.254.170.")),
        deny("metadata-100-100-100", new HostPrefix("100.100.100.")),
        deny("metadata-azure", new HostContains("metadata.azure.internal", "")),
        deny("metadata-google", new HostContains("metadata.google.internal", "")),
        deny("amazonaws", new HostContains("amazonaws.com", "codeartifact")));
  }

  private static Rule stale(String name, Matcher matcher) {
    return Rule.of(name, matcher, Policy.STALE_IF_ERROR);
  }

  private static Rule deny(String name, Matcher matcher) {
    return Rule.of(name, matcher, Policy.NO_CACHE);
  }
}
