package dev.weir.policy;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** What a rule applies to. All comparisons are without regard to case. */
public sealed interface Matcher {
  boolean matches(Subject subject);

  /** The URL starts with it. Rules of this kind go before all others, the longest first. */
  record UrlPrefix(String text) implements Matcher {
    public UrlPrefix {
      text = text.toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean matches(Subject subject) {
      return subject.lowerUrl().startsWith(text);
    }
  }

  /** The URL, query included, ends with it. */
  record UrlSuffix(String text) implements Matcher {
    public UrlSuffix {
      text = text.toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean matches(Subject subject) {
      return subject.lowerUrl().endsWith(text);
    }
  }

  /** The host starts with it. */
  record HostPrefix(String text) implements Matcher {
    public HostPrefix {
      text = text.toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean matches(Subject subject) {
      return subject.host().startsWith(text);
    }
  }

  /** The host contains it, and does not contain {@code exclude} (empty: no exclusion). */
  record HostContains(String text, String exclude) implements Matcher {
    public HostContains {
      text = text.toLowerCase(Locale.ROOT);
      exclude = exclude.toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean matches(Subject subject) {
      return subject.host().contains(text)
          && (exclude.isEmpty() || !subject.host().contains(exclude));
    }
  }

  /** The whole URL contains it, be it in the query. */
  record UrlContains(String text) implements Matcher {
    public UrlContains {
      text = text.toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean matches(Subject subject) {
      return subject.lowerUrl().contains(text);
    }
  }

  /** The URL up to its query contains it: a query must not borrow another site's rule. */
  record HostAndPathContains(String text) implements Matcher {
    public HostAndPathContains {
      text = text.toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean matches(Subject subject) {
      return subject.lowerHostAndPath().contains(text);
    }
  }

  /**
   * A part of the URL matches the expression.
   *
   * @param literal a text every match contains (may be empty): looked for first, since that is a
   *     hundred times cheaper than the expression
   */
  record UrlRegex(Pattern pattern, String literal) implements Matcher {
    public UrlRegex {
      literal = literal.toLowerCase(Locale.ROOT);
    }

    public static UrlRegex of(String expression, String literal) {
      return new UrlRegex(Pattern.compile(expression, Pattern.CASE_INSENSITIVE), literal);
    }

    @Override
    public boolean matches(Subject subject) {
      return subject.lowerUrl().contains(literal) && StepLimit.find(pattern, subject.url());
    }
  }

  /** The path has the shape of content that never changes. */
  record Immutable(ImmutablePath shape) implements Matcher {
    @Override
    public boolean matches(Subject subject) {
      return shape.matches(subject.path());
    }
  }

  /** One matches and none of the others does. */
  record Except(Matcher matcher, List<Matcher> exceptions) implements Matcher {
    public Except {
      exceptions = List.copyOf(exceptions);
    }

    @Override
    public boolean matches(Subject subject) {
      if (!matcher.matches(subject)) {
        return false;
      }
      for (Matcher exception : exceptions) {
        if (exception.matches(subject)) {
          return false;
        }
      }
      return true;
    }
  }
}
