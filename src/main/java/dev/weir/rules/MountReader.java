package dev.weir.rules;

import dev.weir.http.Authority;
import dev.weir.policy.Credentials;
import dev.weir.policy.Effect;
import dev.weir.policy.Effects;
import dev.weir.policy.Glob;
import dev.weir.policy.Mount;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads the mounts of a mirror. Besides where it leads a mount takes the effects of rules. */
final class MountReader {
  private static final Set<String> OWN =
      Set.of(
          "name",
          "path",
          "to",
          "fallback-on",
          "merge",
          "links",
          "private",
          Effect.CREDENTIALS.name());

  /** A mount says by its URL, and by being there, what these would say. */
  private static final Set<String> NOT_HERE =
      Set.of(Effect.MIRROR_SCHEME.name(), Effect.MIRROR_PRIVATE.name(), Effect.DENY.name());

  /** What a mirror answers itself. */
  private static final String RESERVED = "/health/";

  private MountReader() {}

  static List<Mount> read(@Nullable Value value) {
    List<Mount> mounts = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    if (value != null) {
      for (Value one : value.values()) {
        Block block = one.block("a list of mounts, each a block { name, path, to, ... }");
        Mount mount = mount(block);
        if (!seen.add(mount.name()) || !seen.add(mount.path())) {
          throw block.bad("a name and a path that no other mount has");
        }
        mounts.add(mount);
      }
    }
    return mounts;
  }

  private static Mount mount(Block unnamed) {
    Value name = unnamed.named("a mount").need("name", "the name of the mount");
    if (!name.word().matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
      throw name.bad("letters, digits and . _ -");
    }
    Block block = unnamed.named("mount '" + name.word() + "'");
    Set<String> known = new HashSet<>(EffectReader.names());
    known.removeAll(NOT_HERE);
    known.addAll(OWN);
    block.onlyKeys(known);
    Value own = block.get(Effect.CREDENTIALS.name());
    Credentials credentials = own == null ? null : OriginReader.credentials(own);
    List<Mount.Origin> origins = new ArrayList<>();
    for (Value to : block.need("to", "a URL, or a list of them").someValues()) {
      origins.add(origin(to, credentials));
    }
    Value isPrivate = block.get("private");
    Set<Mount.Beyond> beyond = beyond(block.get("fallback-on"));
    Effects effects = EffectReader.read(block).without(Effect.CREDENTIALS);
    return new Mount(
        name.word(),
        path(block.need("path", "a path as /pypi/")),
        origins,
        beyond,
        isPrivate != null && isPrivate.flag(),
        effects,
        merging(block.get("merge"), origins, beyond),
        links(block.get("links")));
  }

  private static List<Mount.Links> links(@Nullable Value value) {
    if (value == null) {
      return List.of();
    }
    Block block = value.block("a block of patterns as { json = [\"*.json\"] }");
    List<String> forms =
        Arrays.stream(Mount.Links.Form.values()).map(Mount.Links.Form::label).toList();
    block.onlyKeys(forms);
    List<Mount.Links> links = new ArrayList<>();
    for (Mount.Links.Form form : Mount.Links.Form.values()) {
      Value patterns = block.get(form.label());
      if (patterns != null) {
        patterns.words().forEach(one -> links.add(new Mount.Links(form, new Glob(one))));
      }
    }
    return links;
  }

  private static String path(Value value) {
    String path = value.word();
    if (!path.matches("(/[A-Za-z0-9._~-]+)+/") || path.contains("/./") || path.contains("/../")) {
      throw value.bad("a path that begins and ends with a slash, as /pypi/");
    }
    if (path.equals(RESERVED)) {
      throw value.bad("another path: a mirror answers this one itself");
    }
    return path;
  }

  /** A URL, or a block of one with credentials of its own. */
  private static Mount.Origin origin(Value value, @Nullable Credentials shared) {
    if (!value.isBlock()) {
      return origin(value, value, shared);
    }
    Block block = value.block("a URL").onlyKeys("url", Effect.CREDENTIALS.name());
    Value own = block.get(Effect.CREDENTIALS.name());
    return origin(
        block.need("url", "a URL"), value, own == null ? shared : OriginReader.credentials(own));
  }

  private static Mount.Origin origin(Value value, Value at, @Nullable Credentials credentials) {
    Mount.Origin origin =
        value.as(
            "an http or https URL that ends with a slash, as https://index.example/simple/",
            url -> origin(url, credentials));
    if (credentials != null && !origin.scheme().equals("https")) {
      throw at.bad("https where there are credentials: in the clear everybody could read them");
    }
    return origin;
  }

  private static Mount.Origin origin(String url, @Nullable Credentials credentials) {
    if (url.indexOf('@') >= 0) {
      throw new IllegalArgumentException("credentials stand beside the URL, not in it");
    }
    URI uri = URI.create(url);
    String scheme = uri.getScheme();
    String host = uri.getHost();
    String path = uri.getRawPath();
    boolean sound =
        host != null
            && path != null
            && path.endsWith("/")
            && uri.getRawQuery() == null
            && uri.getRawFragment() == null
            && List.of("http", "https").contains(scheme);
    if (!sound || host == null) {
      throw new IllegalArgumentException("scheme, host and a path with a slash at its end");
    }
    String name = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    int port = uri.getPort() < 0 ? Authority.defaultPort(scheme) : uri.getPort();
    return new Mount.Origin(scheme, new Authority(name, port), path, credentials);
  }

  private static Set<Mount.Beyond> beyond(@Nullable Value value) {
    if (value == null) {
      return EnumSet.of(Mount.Beyond.NOT_FOUND);
    }
    Set<Mount.Beyond> beyond = EnumSet.noneOf(Mount.Beyond.class);
    value.values().forEach(one -> beyond.add(oneBeyond(one)));
    return beyond;
  }

  /**
   * Names of packages are anybody's at a public index: where origins complete one another, and any
   * of them is a simple index by its path, it takes a word to have them merged by paths.
   */
  private static Mount.Merging merging(
      @Nullable Value value, List<Mount.Origin> origins, Set<Mount.Beyond> beyond) {
    boolean copies = beyond.contains(Mount.Beyond.UNAVAILABLE);
    if (value == null) {
      if (origins.size() == 1 || copies) {
        return Mount.Merging.PATHS;
      }
      return origins.stream().anyMatch(origin -> origin.base().endsWith("simple/"))
          ? Mount.Merging.SIMPLE
          : Mount.Merging.SIMPLE_BELOW;
    }
    Mount.Merging merging = one(value, Mount.Merging.values(), Mount.Merging::label);
    if (merging != Mount.Merging.PATHS && copies) {
      throw value.bad("paths where fallback-on has unavailable: such origins are copies");
    }
    return merging;
  }

  private static Mount.Beyond oneBeyond(Value value) {
    return one(value, Mount.Beyond.values(), Mount.Beyond::label);
  }

  private static <T> T one(Value value, T[] all, Function<T, String> label) {
    for (T one : all) {
      if (label.apply(one).equals(value.text())) {
        return one;
      }
    }
    throw value.bad("one of " + Arrays.stream(all).map(label).collect(Collectors.joining(", ")));
  }
}
