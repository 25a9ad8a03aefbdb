package dev.weir.mirror;

import java.util.regex.Pattern;

/**
 * What a path asks for in a registry of npm: whose it is goes by the package's name, with its scope
 * if it has one. Pure. Names are taken letter by letter, as registries take them; a scope's slash
 * may be encoded or not, and the packument is asked for as npm does it, with {@code %2f}.
 */
final class NpmPath {
  private static final String PART = "[A-Za-z0-9!~*'()._-]++";

  /** Older names too, which may have capitals. */
  private static final Pattern NAME = Pattern.compile("(?:@" + PART + "/)?" + PART);

  /** What stands in paths as it is. */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9!$&'()*+,;=:@._~/-]*+");

  /** Between a package and its files, and before what is of no package. */
  private static final String FILES = "/-/";

  private NpmPath() {}

  /**
   * In a mount whose root is a registry's.
   *
   * @param path what follows the mount's path, without a query
   * @param isAlone whether there is no query
   */
  static IndexPath read(String path, boolean isAlone) {
    String written = IndexPath.decoded(path);
    if (written.isEmpty() || (written + "/").startsWith("-/")) {
      return new IndexPath.Root();
    }
    int end = written.indexOf('/');
    if (end > 0 && written.startsWith("@")) {
      end = written.indexOf('/', end + 1);
    }
    String name = end < 0 ? written : written.substring(0, end);
    if (!NAME.matcher(name).matches()) {
      return new IndexPath.Nobody();
    }
    String packument = packument(name);
    return new IndexPath.OfPackage(packument, isAlone && path.equals(packument));
  }

  /**
   * Anywhere: {@code …/NAME/-/NAME-VERSION.tgz} is a package's whatever is mounted.
   *
   * @param path what follows the mount's path, without a query
   */
  static IndexPath tarball(String path) {
    String written = IndexPath.decoded(path);
    int files = written.lastIndexOf(FILES);
    String file = written.substring(written.lastIndexOf('/') + 1);
    if (files <= 0 || !file.endsWith(".tgz")) {
      return new IndexPath.Elsewhere();
    }
    String before = written.substring(0, files);
    int start = before.lastIndexOf('/') + 1;
    String last = before.substring(start);
    if (start > 1) {
      int above = before.lastIndexOf('/', start - 2) + 1;
      start = before.charAt(above) == '@' ? above : start;
    }
    String name = before.substring(start);
    String registry = before.substring(0, start);
    boolean is =
        file.startsWith(last + "-")
            && NAME.matcher(name).matches()
            && PLAIN.matcher(registry).matches();
    return is
        ? new IndexPath.OfPackage(registry + packument(name), false)
        : new IndexPath.Elsewhere();
  }

  private static String packument(String name) {
    return name.replace("/", "%2f");
  }
}
