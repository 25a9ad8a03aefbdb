package dev.weir.filters;

import dev.weir.proxy.filter.FilterProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The plug-ins in a folder: each jar is one, and each folder of jars is one that brings its
 * libraries. What is no readable jar, or whose providers cannot be made, is told in one sentence.
 */
final class Plugins implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Plugins.class);

  /**
   * A provider and where it is from.
   *
   * @param place a jar's or folder's name
   */
  record Found(FilterProvider provider, String name, String place) {}

  static final Plugins NONE = new Plugins();

  private final List<PluginLoader> loaders = new ArrayList<>();
  private final List<Found> found = new ArrayList<>();

  private Plugins() {}

  /** What is in the folder; nothing if there is none. */
  static Plugins in(Path folder) {
    Plugins plugins = new Plugins();
    try {
      for (Path entry : sorted(folder)) {
        List<Path> jars = Files.isDirectory(entry) ? jars(sorted(entry)) : jars(List.of(entry));
        if (!jars.isEmpty()) {
          plugins.add(String.valueOf(entry.getFileName()), jars);
        }
      }
      return plugins;
    } catch (IOException e) {
      plugins.close();
      throw new PluginException("--plugins: cannot read " + folder + ": " + e, e);
    } catch (RuntimeException e) {
      plugins.close();
      throw e;
    }
  }

  List<Found> found() {
    return List.copyOf(found);
  }

  private void add(String place, List<Path> jars) {
    jars.forEach(Plugins::requireJar);
    URL[] urls = jars.stream().map(Plugins::url).toArray(URL[]::new);
    PluginLoader loader = new PluginLoader(place, urls, Plugins.class.getClassLoader());
    loaders.add(loader);
    try {
      Iterator<FilterProvider> providers =
          ServiceLoader.load(FilterProvider.class, loader).iterator();
      int before = found.size();
      while (providers.hasNext()) {
        FilterProvider provider = providers.next();
        String name = provider.name();
        if (!name.matches("[a-z][a-z0-9-]*")) {
          throw new PluginException(
              "plug-in %s: '%s' is no name for a filter ([a-z][a-z0-9-]*)".formatted(place, name),
              null);
        }
        found.add(new Found(provider, name, place));
      }
      if (found.size() == before) {
        LOG.warn("plug-in {} names no filter in META-INF/services", place);
      }
    } catch (ServiceConfigurationError | RuntimeException | LinkageError e) {
      if (e instanceof PluginException known) {
        throw known;
      }
      throw new PluginException(
          "plug-in %s cannot be loaded: %s".formatted(place, e.getMessage()), e);
    }
  }

  /** A class loader passes over what is no jar in silence. */
  private static void requireJar(Path jar) {
    try (JarFile opened = new JarFile(jar.toFile())) {
      LOG.debug("plug-in {} has {} entries", jar, opened.size());
    } catch (IOException e) {
      throw new PluginException("plug-in %s cannot be read: %s".formatted(jar, e.getMessage()), e);
    }
  }

  private static List<Path> sorted(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted().toList();
    }
  }

  private static List<Path> jars(List<Path> entries) {
    return entries.stream()
        .filter(entry -> entry.toString().endsWith(".jar") && Files.isRegularFile(entry))
        .toList();
  }

  private static URL url(Path jar) {
    try {
      return jar.toUri().toURL();
    } catch (MalformedURLException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    for (PluginLoader loader : loaders) {
      try {
        loader.close();
      } catch (IOException e) {
        LOG.debug("A plug-in's jar could not be closed", e);
      }
    }
  }
}
