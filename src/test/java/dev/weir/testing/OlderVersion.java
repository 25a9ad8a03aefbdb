package dev.weir.testing;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/** The main classes of an earlier commit, compiled from this repository's history. */
public final class OlderVersion {
  private OlderVersion() {}

  /** Whether the history is here and knows that commit. */
  public static boolean isThere(String commit) throws IOException, InterruptedException {
    return Command.isThere("git")
        && Command.of("git", "cat-file", "-e", commit + "^{commit}").run().exitCode() == 0;
  }

  /**
   * Compiles it against the libraries under test into a folder; returns the class path to run it.
   *
   * @throws IOException if it cannot be checked out, or does not compile against them
   */
  public static String classPath(String commit, Path folder)
      throws IOException, InterruptedException {
    Path tar = folder.resolve("source.tar");
    Path classes = Files.createDirectories(folder.resolve("classes"));
    run("git", "archive", "--format=tar", "--output=" + tar, commit, "src/main");
    run("tar", "-xf", tar.toString(), "-C", folder.toString());
    String libraries =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(each -> each.endsWith(".jar"))
            .filter(each -> !each.endsWith("/weir.jar")) // the classes of this version
            .collect(Collectors.joining(File.pathSeparator));
    compile(folder.resolve("src/main/java"), classes, libraries);
    return String.join(
        File.pathSeparator,
        classes.toString(),
        folder.resolve("src/main/resources").toString(),
        libraries);
  }

  private static void compile(Path sources, Path classes, String libraries) throws IOException {
    List<String> words =
        new ArrayList<>(List.of("-d", classes.toString(), "-parameters", "-nowarn", "-proc:none"));
    words.addAll(List.of("-cp", libraries));
    try (Stream<Path> files = Files.walk(sources)) {
      files
          .map(Path::toString)
          .filter(name -> name.endsWith(".java"))
          .filter(name -> !name.endsWith("module-info.java"))
          .forEach(words::add);
    }
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    int result =
        ToolProvider.getSystemJavaCompiler().run(null, said, said, words.toArray(String[]::new));
    if (result != 0) {
      throw new IOException("does not compile: " + said.toString(StandardCharsets.UTF_8));
    }
  }

  private static void run(String... words) throws IOException, InterruptedException {
    Command.Ended ended = Command.of(words).run();
    if (ended.exitCode() != 0) {
      throw new IOException(List.of(words) + ": " + ended.err());
    }
  }
}
