package dev.weir.exchange;

import dev.weir.filters.FilterTerms;
import dev.weir.filters.Filters;
import dev.weir.http.Headers;
import dev.weir.policy.Policy;
import dev.weir.policy.PolicyTable;
import dev.weir.proxy.filter.Filter;
import dev.weir.rules.RuleFiles;
import dev.weir.testing.Answer;
import dev.weir.testing.OriginServer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The rig of a test whose exchanges meet filters, under the built-in rules; closed after the test.
 * Its origin has a page at {@code /page} that is fresh for a minute.
 */
final class FilterRigs implements AfterEachCallback {
  static final PolicyTable RULES = RuleFiles.defaults(Policy.STANDARD);

  private final FilterTerms terms;
  private Filters filters = Filters.NONE;
  private @Nullable Rig rig;

  FilterRigs(FilterTerms terms) {
    this.terms = terms;
  }

  /** A chain of these, named f0, f1, ... */
  static Filters chain(FilterTerms terms, Filter<?>... filters) {
    Map<String, Filter<?>> named = new LinkedHashMap<>();
    for (Filter<?> filter : filters) {
      named.put("f" + named.size(), filter);
    }
    return Filters.of(named, terms);
  }

  Rig of(Filter<?>... chained) {
    filters = chain(terms, chained);
    Rig made = new Rig(() -> RULES, "weir.exchange.client-gone-grace = 20ms", filters);
    made.origin.on("/page", seen -> page("some text", "max-age=60"));
    rig = made;
    return made;
  }

  /** The chain of the rig. */
  Filters filters() {
    return filters;
  }

  /** An endpoint of ten octets with a validator, which answers as that Cache-Control says. */
  static void validated(OriginServer origin, String path, String control) {
    origin.on(
        path,
        seen ->
            seen.isConditional()
                ? Answer.of(304, Headers.of("ETag", "\"1\"", "Cache-Control", control), new byte[0])
                : page("0123456789", control));
  }

  private static Answer page(String text, String control) {
    return Answer.text(
        200, text, "ETag", "\"1\"", "Content-Type", "text/plain", "Cache-Control", control);
  }

  @Override
  public void afterEach(ExtensionContext context) {
    if (rig != null) {
      rig.close();
    }
  }
}
