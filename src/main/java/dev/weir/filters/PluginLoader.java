package dev.weir.filters;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.Enumeration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The classes of one plug-in: its own jars, the JDK, and of Weir what filters are written against.
 * Two plug-ins may bring different versions of the same library, and neither can come to rely on a
 * class of Weir, or of a library of Weir, that a later version lacks.
 */
final class PluginLoader extends URLClassLoader {
  static {
    registerAsParallelCapable();
  }

  /** What plug-ins share with Weir: the interfaces, the values in them, and the logging facade. */
  private static final List<String> SHARED =
      List.of("dev.weir.proxy.filter.", "org.slf4j.", "org.jspecify.");

  /** The values of the API. */
  private static final Set<String> VALUES =
      Set.of(
          "dev.weir.http.Authority",
          "dev.weir.http.Headers",
          "dev.weir.http.Headers$Builder",
          "dev.weir.http.RequestHead",
          "dev.weir.http.ResponseHead");

  private final ClassLoader weir;

  PluginLoader(String name, URL[] jars, ClassLoader weir) {
    super("plugin " + name, jars, ClassLoader.getPlatformClassLoader());
    this.weir = weir;
  }

  private static boolean isShared(String name) {
    return VALUES.contains(name) || SHARED.stream().anyMatch(name::startsWith);
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (isShared(name)) {
      return weir.loadClass(name);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> known = findLoadedClass(name);
      if (known != null) {
        return known;
      }
      if (name.startsWith("java.")) {
        return super.loadClass(name, resolve);
      }
      try {
        return findClass(name);
      } catch (ClassNotFoundException notItsOwn) {
        return super.loadClass(name, resolve);
      }
    }
  }

  @Override
  public @Nullable URL getResource(String name) {
    URL own = findResource(name);
    return own != null ? own : super.getResource(name);
  }

  /** Its own alone: another's services are not its. */
  @Override
  public Enumeration<URL> getResources(String name) throws IOException {
    return findResources(name);
  }
}
