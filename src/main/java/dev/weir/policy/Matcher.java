package dev.weir.policy;

import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What a rule applies to. All comparisons are without regard to case. */
public sealed interface Matcher {
  boolean matches(Subject subject);

  /** What the URL alone says; of matchers that look at nothing else it is the answer. */
  default Match byUrl(Subject subject) {
    return Match.of(matches(subject));
  }

  /** What an index may file it under. */
  default Anchor anchor() {
    return Anchor.ALWAYS;
  }

  /** A matcher that looks at more than the URL. */
  sealed interface OfRequest extends Matcher {
    @Override
    default Match byUrl(Subject subject) {
      return Match.DEPENDS;
    }
  }

  /** A matcher that looks for a text: wherever it matches, the URL contains that. */
  sealed interface OfText extends Matcher {
    /** In lower case. */
    String text();

    @Override
    default Anchor anchor() {
      return Anchor.containing(text());
    }
  }

  /** The host is that. */
  record HostIs(String host) implements Matcher {
    public HostIs {
      host = host.toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean matches(Subject subject) {
      return subject.host().equals(host);
    }

    @Override
    public Anchor anchor() {
      return Anchor.of(new Anchor.HostIs(host));
    }
  }

  /** The host is that domain or below it. */
  record HostBelow(String domain) implements Matcher {
    public HostBelow {
      domain = domain.toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean matches(Subject subject) {
      String host = subject.host();
      int more = host.length() - domain.length();
      return host.endsWith(domain) && (more == 0 || host.charAt(more - 1) == '.');
    }

    @Override
    public Anchor anchor() {
      return Anchor.of(new Anchor.HostBelow(domain));
    }
  }

  /** What a text is looked for in. */
  enum Part {
    /** Scheme, authority, path and query. */
    URL,
    /** The URL up to its query: a query must not borrow another site's rule. */
    HOST_AND_PATH,
    HOST,
    /** The path, without query. */
    PATH;

    String of(Subject subject) {
      return switch (this) {
        case URL -> subject.lowerUrl();
        case HOST_AND_PATH -> subject.lowerHostAndPath();
        case HOST -> subject.host();
        case PATH -> subject.lowerPath();
      };
    }
  }

  /** The URL starts with it. Rules of this alone go before all others, the longest first. */
  record UrlPrefix(String text) implements OfText {
    public UrlPrefix {
      text = text.toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean matches(Subject subject) {
      return subject.lowerUrl().startsWith(text);
    }
  }

  /** The part is that. */
  record Is(Part part, String text) implements OfText {
    public Is {
      text = text.toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean matches(Subject subject) {
      return part.of(subject).equals(text);
    }
  }

  /** The part starts with it. */
  record Prefix(Part part, String text) implements OfText {
    public Prefix {
      text = text.toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean matches(Subject subject) {
      return part.of(subject).startsWith(text);
    }
  }

  /** The part ends with it. */
  record Suffix(Part part, String text) implements OfText {
    public Suffix {
      text = text.toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean matches(Subject subject) {
      return part.of(subject).endsWith(text);
    }
  }

  /** The part contains it. */
  record Contains(Part part, String text) implements OfText {
    public Contains {
      text = text.toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean matches(Subject subject) {
      return part.of(subject).contains(text);
    }
  }

  /** The whole part has that form. */
  record Like(Part part, Glob glob) implements Matcher {
    @Override
    public boolean matches(Subject subject) {
      return glob.matches(part.of(subject));
    }

    @Override
    public Anchor anchor() {
      return Anchor.containing(glob.literal());
    }
  }

  /** A part of the URL matches the expression. */
  record UrlRegex(UrlPattern pattern) implements Matcher {
    public static UrlRegex of(String expression) {
      return new UrlRegex(UrlPattern.of(expression));
    }

    @Override
    public boolean matches(Subject subject) {
      return pattern.find(subject.url(), subject.lowerUrl());
    }

    @Override
    public Anchor anchor() {
      return Anchor.containing(pattern.literal());
    }
  }

  /** The path has the shape of content that never changes. */
  record Immutable(ImmutablePath shape) implements Matcher {
    @Override
    public boolean matches(Subject subject) {
      return shape.matches(subject.path());
    }

    @Override
    public Anchor anchor() {
      return shape.anchor();
    }
  }

  /** The method is one of them; methods do know case. */
  record Method(Set<String> methods) implements OfRequest {
    public Method {
      methods = Set.copyOf(methods);
    }

    @Override
    public boolean matches(Subject subject) {
      return methods.contains(subject.method());
    }
  }

  /** The request has the field, and one of its values has that form. */
  record HasHeader(String name, Glob glob) implements OfRequest {
    @Override
    public boolean matches(Subject subject) {
      for (String value : subject.headers().all(name)) {
        if (glob.matches(value.strip().toLowerCase(Locale.ROOT))) {
          return true;
        }
      }
      return false;
    }
  }

  /** The client is in that network. */
  record Client(AddressBlock network) implements OfRequest {
    @Override
    public boolean matches(Subject subject) {
      InetAddress address = subject.caller().address();
      return address != null && network.contains(address);
    }
  }

  /** The request came in on that port. */
  record Listener(int port) implements OfRequest {
    @Override
    public boolean matches(Subject subject) {
      return subject.caller().listenerPort() == port;
    }
  }

  /** Each of them matches. */
  record All(List<Matcher> matchers) implements Matcher {
    public All {
      matchers = List.copyOf(matchers);
    }

    @Override
    public boolean matches(Subject subject) {
      for (Matcher matcher : matchers) {
        if (!matcher.matches(subject)) {
          return false;
        }
      }
      return true;
    }

    @Override
    public Match byUrl(Subject subject) {
      Match all = Match.YES;
      for (Matcher matcher : matchers) {
        Match one = matcher.byUrl(subject);
        if (one == Match.NO) {
          return Match.NO;
        }
        all = one == Match.DEPENDS ? Match.DEPENDS : all;
      }
      return all;
    }

    @Override
    public Anchor anchor() {
      return Anchor.ofAll(matchers);
    }
  }

  /** One of them matches. */
  record Any(List<Matcher> matchers) implements Matcher {
    public Any {
      matchers = List.copyOf(matchers);
    }

    @Override
    public boolean matches(Subject subject) {
      for (Matcher matcher : matchers) {
        if (matcher.matches(subject)) {
          return true;
        }
      }
      return false;
    }

    @Override
    public Match byUrl(Subject subject) {
      Match any = Match.NO;
      for (Matcher matcher : matchers) {
        Match one = matcher.byUrl(subject);
        if (one == Match.YES) {
          return Match.YES;
        }
        any = one == Match.DEPENDS ? Match.DEPENDS : any;
      }
      return any;
    }

    @Override
    public Anchor anchor() {
      return Anchor.ofAny(matchers);
    }
  }

  /** It does not match. */
  record Not(Matcher matcher) implements Matcher {
    @Override
    public boolean matches(Subject subject) {
      return !matcher.matches(subject);
    }

    @Override
    public Match byUrl(Subject subject) {
      return matcher.byUrl(subject).negated();
    }
  }
}
