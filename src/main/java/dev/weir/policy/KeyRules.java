package dev.weir.policy;

import dev.weir.http.Authority;
import dev.weir.policy.Query.Parameter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a rule leaves of a URL for its name in the cache; the origin gets the URL as it came. In
 * this order: the query (all of it or parameters), the site, rewrites of the whole. What is kept
 * stays byte for byte, so two URLs that differ in it never meet, but by a rewrite. Applying it
 * again changes nothing, but for rewrites, which run once.
 *
 * @param dropQuery leaves nothing of the query
 * @param dropped parameters that go, by the form of their decoded names
 * @param kept parameters that stay, all others go; empty for all
 * @param sorted puts parameters in the order of their names; those of one name stay in theirs
 * @param site the place that mirrors of one another are all filed under, or null
 */
public record KeyRules(
    boolean dropQuery,
    List<Glob> dropped,
    List<Glob> kept,
    boolean sorted,
    @Nullable Site site,
    List<Rewrite> rewrites) {

  /** What stands before the path. */
  public record Site(String scheme, Authority authority) {
    @Override
    public String toString() {
      return scheme + "://" + authority.text(scheme);
    }
  }

  /** Each match of the expression replaced; {@code $1} is its first group. */
  public record Rewrite(UrlPattern find, String replacement) {}

  public KeyRules {
    dropped = List.copyOf(dropped);
    kept = List.copyOf(kept);
    rewrites = List.copyOf(rewrites);
  }

  /** The target without the parameters that go. */
  public String target(String target) {
    int question = target.indexOf('?');
    if (question < 0) {
      return target;
    }
    String path = target.substring(0, question);
    if (dropQuery) {
      return path;
    }
    boolean untouched = dropped.isEmpty() && kept.isEmpty() && !sorted;
    if (untouched || question == target.length() - 1) {
      return target;
    }
    String query = query(target.substring(question + 1));
    return query.isEmpty() ? path : path + "?" + query;
  }

  /** A parameter as it stands in the query, and its decoded name in lower case. */
  private record Raw(String text, String name) {}

  private String query(String query) {
    List<Raw> parameters = new ArrayList<>();
    for (String text : query.split("&", -1)) {
      List<Parameter> parsed = Query.parse(text);
      String name = parsed.isEmpty() ? "" : parsed.getFirst().lowerName();
      if (stays(name)) {
        parameters.add(new Raw(text, name));
      }
    }
    if (sorted) {
      parameters.sort(Comparator.comparing(Raw::name));
    }
    StringBuilder left = new StringBuilder(query.length());
    for (int i = 0; i < parameters.size(); i++) {
      left.append(i == 0 ? "" : "&").append(parameters.get(i).text());
    }
    return left.toString();
  }

  private boolean stays(String name) {
    return (kept.isEmpty() || one(kept, name)) && !one(dropped, name);
  }

  private static boolean one(List<Glob> globs, String name) {
    for (Glob glob : globs) {
      if (glob.matches(name)) {
        return true;
      }
    }
    return false;
  }

  /** The text after all rewrites. */
  String rewritten(String url) {
    String text = url;
    for (Rewrite rewrite : rewrites) {
      text = rewrite.find().replaceAll(text, rewrite.replacement());
    }
    return text;
  }
}
