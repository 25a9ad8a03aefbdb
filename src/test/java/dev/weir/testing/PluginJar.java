package dev.weir.testing;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/**
 * Builds plug-ins as their authors do: against the API jar, as the pom makes it, and nothing else.
 */
public final class PluginJar {
  private static final Pattern INCLUDE = Pattern.compile("<include>(dev/weir/[^<]+)</include>");

  private PluginJar() {}

  /** Compiles the Java sources below a folder and packs them with its resources. */
  public static Path build(Path project, Path jar) throws Exception {
    Path work = Files.createTempDirectory("weir-plugin");
    Path classes = Files.createDirectories(work.resolve("classes"));
    List<String> words =
        new ArrayList<>(
            List.of("-d", classes.toString(), "-cp", api(work).toString(), "--release", "25"));
    files(project.resolve("src/main/java")).forEach(file -> words.add(file.toString()));
    int failed =
        ToolProvider.getSystemJavaCompiler().run(null, null, null, words.toArray(String[]::new));
    if (failed != 0) {
      throw new AssertionError("the plug-in does not compile against the API jar");
    }
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      pack(classes, out);
      pack(project.resolve("src/main/resources"), out);
    }
    return jar;
  }

  /** The jar of the classifier {@code api}: the build's own, or before there is one, its like. */
  private static Path api(Path work) throws Exception {
    Path main = mainClasses();
    if (Files.isRegularFile(main)) {
      return main.resolveSibling("weir-api.jar");
    }
    List<PathMatcher> wanted =
        INCLUDE
            .matcher(Files.readString(Path.of("pom.xml")))
            .results()
            .map(found -> FileSystems.getDefault().getPathMatcher("glob:" + found.group(1)))
            .toList();
    Path jar = work.resolve("weir-api.jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      for (Path file : files(main)) {
        if (wanted.stream().anyMatch(one -> one.matches(main.relativize(file)))) {
          entry(main, file, out);
        }
      }
    }
    return jar;
  }

  private static Path mainClasses() throws ClassNotFoundException, URISyntaxException {
    return Path.of(
        Class.forName("dev.weir.proxy.filter.Filter")
            .getProtectionDomain()
            .getCodeSource()
            .getLocation()
            .toURI());
  }

  private static void pack(Path root, JarOutputStream out) throws IOException {
    for (Path file : files(root)) {
      entry(root, file, out);
    }
  }

  private static void entry(Path root, Path file, JarOutputStream out) throws IOException {
    out.putNextEntry(new JarEntry(root.relativize(file).toString().replace('\\', '/')));
    Files.copy(file, (OutputStream) out);
    out.closeEntry();
  }

  private static List<Path> files(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      return all.filter(Files::isRegularFile).sorted().toList();
    }
  }
}
