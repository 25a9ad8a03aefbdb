package dev.weir.mirror.links;

import dev.weir.http.RequestHead;
import dev.weir.mirror.Asked;
import dev.weir.policy.Mount;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A kind of index document whose links lead to other hosts. They are known by the shape of their
 * paths and what their clients accept, never by the host, or named by a mount; each is rewritten by
 * a library that knows its format, and what its format signs or digests is left as it is.
 */
enum IndexForm {
  /** PEP 503: an HTML page of links, whose fragments hold digests. */
  SIMPLE_HTML,
  /** PEP 691: {@code files[].url}. */
  SIMPLE_JSON,
  /** A packument: {@code versions.*.dist.tarball}. */
  NPM,
  /** A Composer repository: {@code dist.url}, and where its other documents are. */
  COMPOSER,
  /** A Helm repository's {@code index.yaml}: {@code urls}. */
  HELM,
  /** A page that a mount names. */
  HTML,
  /** A JSON document that a mount names: every string that is a URL. */
  JSON,
  /** Any other that a mount names: every URL. */
  TEXT;

  private static final Pattern PACKAGE_MANAGER = Pattern.compile("(npm|pnpm|yarn|Bun)/");

  /** Static servers have no type for YAML, or one of many. */
  private static final Set<String> NO_YAML = Set.of("text/html", "application/json");

  /** What a request probably asks for; null for what has no links, or has them left as they are. */
  static @Nullable IndexForm of(Asked asked) {
    RequestHead head = asked.origin();
    int query = head.target().indexOf('?');
    String path = query < 0 ? head.target() : head.target().substring(0, query);
    IndexForm named = named(asked.mount(), path.substring(asked.base().length()));
    return named == null ? of(head, path) : named;
  }

  private static @Nullable IndexForm named(@Nullable Mount mount, String rest) {
    String lower = rest.toLowerCase(Locale.ROOT);
    for (Mount.Links one : mount == null ? List.<Mount.Links>of() : mount.links()) {
      if (one.files().matches(lower)) {
        return switch (one.form()) {
          case HTML -> HTML;
          case JSON -> JSON;
          case TEXT -> TEXT;
        };
      }
    }
    return null;
  }

  private static @Nullable IndexForm of(RequestHead head, String path) {
    String accept = head.headers().combined("Accept");
    String wanted = accept == null ? "" : accept.toLowerCase(Locale.ROOT);
    if (isPackageManager(head, wanted) && !path.contains("/-/") && !path.endsWith(".tgz")) {
      return NPM;
    }
    if (wanted.contains("vnd.pypi.simple") || isSimple(path)) {
      return SIMPLE_HTML;
    }
    if (path.endsWith("/packages.json")
        || (path.endsWith(".json") && (path.contains("/p2/") || path.contains("/p/")))) {
      return COMPOSER;
    }
    return path.endsWith("/index.yaml") ? HELM : null;
  }

  /** Some ask for the short form of packuments by its media type, some for any JSON. */
  private static boolean isPackageManager(RequestHead head, String accept) {
    String agent = head.headers().first("User-Agent");
    return accept.contains("vnd.npm.install-v1+json")
        || (agent != null && PACKAGE_MANAGER.matcher(agent).lookingAt());
  }

  /** {@code …/simple/} and one name below it. */
  private static boolean isSimple(String path) {
    String folder = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    int last = folder.lastIndexOf('/');
    String name = folder.substring(last + 1);
    boolean index = name.equals("simple");
    return index || (last > 0 && folder.substring(0, last).endsWith("/simple"));
  }

  /** What a document of that media type is, if this was expected; null for something else. */
  @Nullable IndexForm met(@Nullable String contentType) {
    String type = contentType == null ? "" : contentType;
    int parameters = type.indexOf(';');
    String essence =
        (parameters < 0 ? type : type.substring(0, parameters)).strip().toLowerCase(Locale.ROOT);
    if (this == SIMPLE_HTML && SIMPLE_JSON.takes(essence)) {
      return SIMPLE_JSON;
    }
    return takes(essence) ? this : null;
  }

  private boolean takes(String mediaType) {
    return switch (this) {
      case SIMPLE_HTML ->
          mediaType.equals("text/html") || mediaType.equals("application/vnd.pypi.simple.v1+html");
      case SIMPLE_JSON -> mediaType.equals("application/vnd.pypi.simple.v1+json");
      case NPM ->
          mediaType.equals("application/json")
              || mediaType.equals("application/vnd.npm.install-v1+json");
      case COMPOSER -> mediaType.equals("application/json");
      case HELM -> !NO_YAML.contains(mediaType);
      case HTML -> mediaType.equals("text/html") || mediaType.equals("application/xhtml+xml");
      case JSON, TEXT -> true;
    };
  }
}
