package dev.weir.policy;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Shapes of paths under which package registries of a kind publish content that never changes once
 * it is there, whatever their host. Indexes and everything else that moves has another shape. Each
 * check is one walk over the path, without regular expressions.
 */
public enum ImmutablePath {
  /** {@code /name/-/name-1.2.3.tgz}, scoped or not. */
  NPM_TARBALL {
    @Override
    boolean matches(String path) {
      return npmTarball(path);
    }

    @Override
    Anchor anchor() {
      return Anchor.containing(".tgz");
    }
  },
  /** {@code /group/artifact/1.2/artifact-1.2[-classifier].jar}, signatures and checksums too. */
  MAVEN_RELEASE {
    @Override
    boolean matches(String path) {
      return mavenRelease(path);
    }
  },
  /** Packages and sources below {@code /pool/}. */
  DEBIAN_POOL {
    @Override
    boolean matches(String path) {
      return path.contains("/pool/") && endsWithOneOf(lower(fileName(path)), DEBIAN_ENDS);
    }

    @Override
    Anchor anchor() {
      return Anchor.containing("/pool/");
    }
  },
  /** {@code /by-hash/SHA256/<hex>}: an index under the name of its digest. */
  BY_HASH {
    @Override
    boolean matches(String path) {
      return byHash(path);
    }

    @Override
    Anchor anchor() {
      return Anchor.containing("/by-hash/");
    }
  },
  /** {@code /@v/v1.2.3.zip}, {@code .mod} and {@code .info} of a full version. */
  GO_MODULE {
    @Override
    boolean matches(String path) {
      return goModule(path);
    }

    @Override
    Anchor anchor() {
      return Anchor.containing("/@v/v");
    }
  },
  /** {@code name-1.2.3.crate}, or {@code /crates/name/1.2.3/download}. */
  CARGO_CRATE {
    @Override
    boolean matches(String path) {
      return cargoCrate(path);
    }

    @Override
    Anchor anchor() {
      return new Anchor(List.of(new Anchor.Contains(".crate"), new Anchor.Contains("/crates/")));
    }
  },
  /** {@code /v2/<name>/blobs/sha256:<hex>}, and manifests by digest. */
  OCI_BLOB {
    @Override
    boolean matches(String path) {
      return ociBlob(path);
    }

    @Override
    Anchor anchor() {
      return new Anchor(
          List.of(new Anchor.Contains("/blobs/"), new Anchor.Contains("/manifests/")));
    }
  };

  private static final Set<String> DEBIAN_ENDS =
      Set.of(
          ".deb",
          ".udeb",
          ".ddeb",
          ".dsc",
          ".diff.gz",
          ".tar.gz",
          ".tar.bz2",
          ".tar.xz",
          ".tar.zst",
          ".tar.lzma",
          ".asc");

  private static final Set<String> MAVEN_ENDS =
      Set.of(
          ".jar",
          ".pom",
          ".war",
          ".ear",
          ".aar",
          ".rar",
          ".nar",
          ".kar",
          ".hpi",
          ".jpi",
          ".klib",
          ".module",
          ".zip",
          ".tar.gz",
          ".tar.bz2",
          ".tar.xz",
          ".tgz",
          ".so",
          ".dll",
          ".exe");

  private static final Set<String> MAVEN_SIDE_FILES =
      Set.of(".md5", ".sha1", ".sha256", ".sha512", ".asc");

  abstract boolean matches(String path);

  /** What the URL must contain, in lower case. */
  Anchor anchor() {
    return Anchor.ALWAYS;
  }

  private static boolean npmTarball(String path) {
    int dash = path.indexOf("/-/");
    if (dash < 1 || !path.endsWith(".tgz")) {
      return false;
    }
    String file = path.substring(dash + 3);
    String owner = path.substring(0, dash);
    int encoded = lower(owner).lastIndexOf("%2f"); // a scope's slash may travel encoded
    int start = Math.max(owner.lastIndexOf('/') + 1, encoded < 0 ? 0 : encoded + 3);
    String name = owner.substring(start);
    return file.indexOf('/') < 0 && isVersionAfter(file, name);
  }

  private static boolean mavenRelease(String path) {
    int fileAt = path.lastIndexOf('/');
    int versionAt = fileAt < 1 ? -1 : path.lastIndexOf('/', fileAt - 1);
    int artifactAt = versionAt < 1 ? -1 : path.lastIndexOf('/', versionAt - 1);
    if (artifactAt < 1) {
      return false; // a group has at least one segment
    }
    String version = path.substring(versionAt + 1, fileAt);
    String stem = path.substring(artifactAt + 1, versionAt) + "-" + version;
    String file = path.substring(fileAt + 1);
    return file.startsWith(stem)
        && file.length() > stem.length()
        && (file.charAt(stem.length()) == '.' || file.charAt(stem.length()) == '-')
        && version.chars().anyMatch(ImmutablePath::isDigit)
        && !lower(version).contains("snapshot")
        && isMavenFile(lower(file));
  }

  private static boolean isMavenFile(String file) {
    String name = file;
    for (int i = 0; i < 2; i++) { // a checksum of a signature has two ends to take off
      int dot = name.lastIndexOf('.');
      if (dot > 0 && MAVEN_SIDE_FILES.contains(name.substring(dot))) {
        name = name.substring(0, dot);
      }
    }
    return endsWithOneOf(name, MAVEN_ENDS);
  }

  private static boolean byHash(String path) {
    int at = path.indexOf("/by-hash/");
    int digestAt = at < 0 ? -1 : path.indexOf('/', at + 9);
    if (digestAt < 0) {
      return false;
    }
    int length =
        switch (lower(path.substring(at + 9, digestAt))) {
          case "md5sum" -> 32;
          case "sha1" -> 40;
          case "sha256" -> 64;
          case "sha512" -> 128;
          default -> -1;
        };
    return isHex(path, digestAt + 1, length);
  }

  private static boolean goModule(String path) {
    int at = path.lastIndexOf("/@v/v");
    int dot = path.lastIndexOf('.');
    if (at < 0 || dot < at) {
      return false;
    }
    String kind = path.substring(dot);
    boolean known = kind.equals(".zip") || kind.equals(".mod") || kind.equals(".info");
    return known && path.indexOf('/', at + 5) < 0 && isFullVersion(path.substring(at + 5, dot));
  }

  private static boolean cargoCrate(String path) {
    String file = fileName(path);
    if (file.endsWith(".crate")) {
      int dash = file.indexOf('-');
      while (dash >= 0 && !(dash + 1 < file.length() && isDigit(file.charAt(dash + 1)))) {
        dash = file.indexOf('-', dash + 1);
      }
      return dash > 0;
    }
    int versionAt = path.length() - "/download".length();
    int crates = path.indexOf("/crates/");
    if (crates < 0 || !path.endsWith("/download") || versionAt < crates + 8) {
      return false;
    }
    String between = path.substring(crates + 8, versionAt);
    int slash = between.indexOf('/');
    return slash > 0
        && between.indexOf('/', slash + 1) < 0
        && isFullVersion(between.substring(slash + 1));
  }

  private static boolean ociBlob(String path) {
    int blobs = path.lastIndexOf("/blobs/");
    int at = Math.max(blobs, path.lastIndexOf("/manifests/"));
    if (at < 4 || !path.startsWith("/v2/")) {
      return false;
    }
    int digest = at + (at == blobs ? "/blobs/" : "/manifests/").length();
    return path.startsWith("sha256:", digest)
        ? isHex(path, digest + 7, 64)
        : path.startsWith("sha512:", digest) && isHex(path, digest + 7, 128);
  }

  /** {@code <name>-<digit>…}. */
  private static boolean isVersionAfter(String file, String name) {
    return !name.isEmpty()
        && file.startsWith(name)
        && file.length() > name.length() + 1
        && file.charAt(name.length()) == '-'
        && isDigit(file.charAt(name.length() + 1));
  }

  /** Three numbers, then nothing or a pre-release or build part: {@code 1.2.3-rc1+meta}. */
  private static boolean isFullVersion(String version) {
    int at = 0;
    for (int part = 0; part < 3; part++) {
      int start = at;
      while (at < version.length() && isDigit(version.charAt(at))) {
        at++;
      }
      boolean dotted = part == 2 || (at < version.length() && version.charAt(at) == '.');
      if (at == start || !dotted) {
        return false;
      }
      at += part == 2 ? 0 : 1;
    }
    return at == version.length()
        || version.charAt(at) == '-'
        || version.charAt(at) == '+'
        || version.startsWith("%2B", at);
  }

  /** Exactly that many lower-case or upper-case hexadecimal digits, to the end of the path. */
  private static boolean isHex(String path, int from, int length) {
    if (length < 0 || path.length() - from != length) {
      return false;
    }
    for (int i = from; i < path.length(); i++) {
      if (Character.digit(path.charAt(i), 16) < 0) {
        return false;
      }
    }
    return true;
  }

  private static boolean endsWithOneOf(String file, Set<String> ends) {
    for (int dot = file.indexOf('.'); dot >= 0; dot = file.indexOf('.', dot + 1)) {
      if (ends.contains(file.substring(dot))) {
        return true;
      }
    }
    return false;
  }

  private static String fileName(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}
