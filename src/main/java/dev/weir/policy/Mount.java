package dev.weir.policy;

import dev.weir.http.Authority;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A path of a mirror that stands for a place at an origin: below {@code /pypi/} what is below
 * {@code https://index.example/simple/}.
 *
 * @param name for logs, and part of the keys of what is private to it
 * @param path begins and ends with a slash
 * @param origins where it is looked for, in order
 * @param beyond the answers after which the next origin is asked
 * @param isPrivate whether what is fetched is found through this mount alone, even where no
 *     credentials make it so
 * @param effects decided for its requests, whatever rules say
 * @param merging what later origins may add to what earlier ones have
 * @param links the documents whose links are made to lead inside, beside those that are known by
 *     their kind; the first that fits counts
 */
public record Mount(
    String name,
    String path,
    List<Origin> origins,
    Set<Beyond> beyond,
    boolean isPrivate,
    Effects effects,
    Merging merging,
    List<Links> links) {
  /** One whose origins complete one another path by path. */
  public Mount(
      String name,
      String path,
      List<Origin> origins,
      Set<Beyond> beyond,
      boolean isPrivate,
      Effects effects) {
    this(name, path, origins, beyond, isPrivate, effects, Merging.PATHS, List.of());
  }

  public Mount {
    origins = List.copyOf(origins);
    beyond = Set.copyOf(beyond);
    links = List.copyOf(links);
    if (!path.startsWith("/") || !path.endsWith("/") || path.length() < 3 || origins.isEmpty()) {
      throw new IllegalArgumentException("not a mount: " + path);
    }
  }

  /** Whether what it holds is for those who may connect, and not for everybody. */
  public boolean isForItsClients() {
    return isPrivate || origins.stream().anyMatch(origin -> origin.credentials() != null);
  }

  /**
   * Where a mount leads.
   *
   * @param base the path before what is asked for; begins and ends with a slash
   * @param credentials sent to this host and no other, or null
   */
  public record Origin(
      String scheme, Authority authority, String base, @Nullable Credentials credentials) {
    /** As an item of a list of destinations. */
    public String destination() {
      String host =
          authority.host().indexOf(':') >= 0 ? "[" + authority.host() + "]" : authority.host();
      return host + ":" + authority.port();
    }

    public String url() {
      return scheme + "://" + authority.text(scheme) + base;
    }
  }

  /** A kind of answer that does not keep the next origin from being asked. */
  public enum Beyond {
    /** 404 and 410: the origins complete one another. */
    NOT_FOUND("not-found"),
    /** None, 429 or 5xx: the origins stand in for one another. */
    UNAVAILABLE("unavailable");

    private final String label;

    Beyond(String label) {
      this.label = label;
    }

    public String label() {
      return label;
    }

    public boolean covers(int status) {
      return switch (this) {
        case NOT_FOUND -> status == 404 || status == 410;
        case UNAVAILABLE -> status == 429 || status >= 500;
      };
    }
  }

  /** What it is that origins complete one another by. */
  public enum Merging {
    /** Each path by itself: for whatever has one name for one thing. */
    PATHS("paths"),
    /**
     * Projects of a simple index (PEP 503), whose root the mount is: who has a project's page has
     * the project, and of later origins nothing is seen that goes by its name.
     */
    SIMPLE("simple"),
    /**
     * The same for what is below {@code simple/} in the mount and for tarballs of npm, and paths
     * for all else.
     */
    SIMPLE_BELOW("simple-below"),
    /**
     * Packages of an npm registry, whose root the mount is: who has a packument has the package,
     * and of later origins nothing is seen that goes by its name.
     */
    NPM("npm");

    private final String label;

    Merging(String label) {
      this.label = label;
    }

    public String label() {
      return label;
    }
  }

  /**
   * Documents with links.
   *
   * @param files what follows the mount's path, without a query
   */
  public record Links(Form form, Glob files) {
    /** Where links stand in a document. */
    public enum Form {
      /** Every {@code a href}. */
      HTML("html"),
      /** Every string that is a URL. */
      JSON("json"),
      /** Every URL, up to what cannot be part of one. */
      TEXT("text");

      private final String label;

      Form(String label) {
        this.label = label;
      }

      public String label() {
        return label;
      }
    }
  }

  /** Whether the next origin is asked after an answer with that status. */
  public boolean goesBeyond(int status) {
    return beyond.stream().anyMatch(one -> one.covers(status));
  }
}
