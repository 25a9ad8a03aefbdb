package dev.weir.mirror;

import dev.weir.policy.Mount;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a path asks for in a mount that merges simple indexes (PEP 503), or registries of npm
 * ({@link NpmPath}). Reading it is pure. Whose a project is goes by its normalised name, so every
 * spelling of one is the same project here, whatever origins make of it.
 */
sealed interface IndexPath {
  Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9._-]*[a-z0-9])?");

  /** Distributions, and what lies beside them under their names (PEP 427, 625, 658). */
  Pattern RELEASE =
      Pattern.compile(
          "(.+)\\.(?:(whl|egg)|zip|exe|msi|rpm|tar\\.gz|tgz|tar\\.bz2|tar\\.xz|tar\\.z)"
              + "(?:\\.(?:metadata|asc|sig|provenance))?");

  Pattern SEPARATORS = Pattern.compile("[._-]+");

  /** Nothing of an index: paths are taken by themselves. */
  record Elsewhere() implements IndexPath {}

  /** The list of all projects. */
  record Root() implements IndexPath {}

  /**
   * A page under another spelling of its name, or without the slash; {@code rest} is the page's.
   */
  record Moved(String rest) implements IndexPath {}

  /**
   * A file beside the index whose name says of which project it is.
   *
   * @param pages of those it may be: a name with hyphens can be read in several ways
   * @param isEvery whether these are all the ways; a name with very many hyphens is not read to its
   *     end
   */
  record OfFile(List<String> pages, boolean isEvery) implements IndexPath {
    public OfFile {
      pages = List.copyOf(pages);
    }
  }

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
   * The packument of a package of npm, or something of that package.
   *
   * @param packument what follows the mount's path for it, as npm asks for it
   * @param isPackument whether that is what is asked for, in these very letters
   */
  record OfPackage(String packument, boolean isPackument) implements IndexPath {}

  /**
   * What a path asks for.
   *
   * @param rest what follows the mount's path, with a query if there is one
   * @param maxReadings of the name of a file beside the index
   */
  static IndexPath read(Mount.Merging merging, String rest, int maxReadings) {
    int query = rest.indexOf('?');
    String path = query < 0 ? rest : rest.substring(0, query);
    if (merging == Mount.Merging.NPM) {
      return NpmPath.read(path, query < 0);
    }
    @Nullable String index =
        switch (merging) {
          case PATHS, NPM -> null;
          case SIMPLE -> "";
          case SIMPLE_BELOW -> "simple/";
        };
    if (index != null && (path + "/").equals(index)) {
      return new Root();
    }
    return index != null && path.startsWith(index)
        ? below(index, path, query < 0 ? "" : rest.substring(query))
        : elsewhere(index, path, maxReadings);
  }

  private static IndexPath elsewhere(@Nullable String index, String path, int maxReadings) {
    return index != null && NpmPath.tarball(path) instanceof OfPackage tarball
        ? tarball
        : file(index, path, maxReadings);
  }

  private static IndexPath file(@Nullable String index, String path, int maxReadings) {
    String written = decoded(path).toLowerCase(Locale.ROOT);
    String file = written.substring(written.lastIndexOf('/') + 1);
    Matcher release = RELEASE.matcher(file);
    if (index == null || !release.matches()) {
      return new Elsewhere();
    }
    String stem = release.group(1);
    boolean isWheel = release.group(2) != null; // which writes a name's own hyphens otherwise
    int hyphen = stem.indexOf('-');
    if (isWheel || hyphen < 0) {
      return ofFile(index, List.of(hyphen < 0 ? stem : stem.substring(0, hyphen)), true);
    }
    List<String> readings = new ArrayList<>();
    for (; hyphen > 0 && readings.size() < maxReadings; hyphen = stem.indexOf('-', hyphen + 1)) {
      readings.add(stem.substring(0, hyphen));
    }
    return ofFile(index, readings, hyphen < 0);
  }

  private static IndexPath ofFile(String index, List<String> readings, boolean isEvery) {
    List<String> pages =
        readings.stream()
            .filter(name -> NAME.matcher(name).matches())
            .map(name -> index + SEPARATORS.matcher(name).replaceAll("-") + "/")
            .distinct()
            .toList();
    return pages.isEmpty() ? new Elsewhere() : new OfFile(pages, isEvery);
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
  static String decoded(String segment) {
    return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.ISO_8859_1);
  }
}
