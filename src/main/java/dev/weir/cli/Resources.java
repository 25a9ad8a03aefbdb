package dev.weir.cli;

import java.io.IOException;
import java.net.URL;
import java.util.Collections;
import java.util.Enumeration;

/**
 * The class loader that actor systems and settings are given: the application's own, which shows no
 * manifests. Pekko would otherwise unpack the manifest of every jar at each start to compare
 * versions, which the build has pinned already.
 */
final class Resources extends ClassLoader {
  static final ClassLoader LOADER = new Resources();

  private Resources() {
    super(Resources.class.getClassLoader());
  }

  @Override
  public Enumeration<URL> getResources(String name) throws IOException {
    return name.equals("META-INF/MANIFEST.MF")
        ? Collections.emptyEnumeration()
        : super.getResources(name);
  }
}
