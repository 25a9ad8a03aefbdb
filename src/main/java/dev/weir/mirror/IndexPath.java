package dev.weir.mirror;

import dev.weir.policy.Mount;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What a path asks for in a mount that merges simple indexes (PEP 503). Reading it is pure. Whose a
 * project is goes by its normalised name, so every spelling of one is the same project here,
 * whatever origins make of it.
 */
sealed interface IndexPath {
  Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9._-]*[a-z0-9])?");
  Pattern SEPARATORS = Pattern.compile("[._-]+");

  /** Nothing of an index: paths are taken by themselves. */
  record Elsewhere() implements IndexPath {}

  /** The list of all projects. */
  record Root() implements IndexPath {}

  /**
   * A page under another spelling of its name, or without the slash; {@code rest} is the page's.
   */
  record Moved(String rest) implements IndexPath {}

  /** Below the index, but no name that a project could have. */
  record Nobody() implements IndexPath {}

  /**
   * A page of a project or something below it.
   *
   * @param page what follows the mount's path for the page, without a query
   * @param isPage whether that is what is asked for
   */
  record OfProject(String page, boolean isPage) implements IndexPath {}

  /**
   * What a path asks for.
   *
   * @param rest what follows the mount's path, with a query if there is one
   */
  static IndexPath read(Mount.Merging merging, String rest) {
    int query = rest.indexOf('?');
    String path = query < 0 ? rest : rest.substring(0, query);
    String index =
        switch (merging) {
          case PATHS -> null;
          case SIMPLE -> "";
          case SIMPLE_BELOW -> "simple/";
        };
    if (index != null && (path + "/").equals(index)) {
      return new Root();
    }
    return index != null && path.startsWith(index)
        ? below(index, path, query < 0 ? "" : rest.substring(query))
        : new Elsewhere();
  }

  private static IndexPath below(String index, String path, String query) {
    String inside = path.substring(index.length());
    if (inside.isEmpty()) {
      return new Root();
    }
    int slash = inside.indexOf('/');
    String written = slash < 0 ? inside : inside.substring(0, slash);
    String named = decoded(written).toLowerCase(Locale.ROOT);
    if (!NAME.matcher(named).matches()) {
      return new Nobody();
    }
    String name = SEPARATORS.matcher(named).replaceAll("-");
    String page = index + name + "/";
    boolean isPage = slash < 0 || slash == inside.length() - 1;
    return isPage && !path.equals(page)
        ? new Moved(page + query)
        : new OfProject(page, isPage && query.isEmpty());
  }

  /** Percent signs are followed by two digits: the mirror takes no other path. */
  private static String decoded(String segment) {
    return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.ISO_8859_1);
  }
}
