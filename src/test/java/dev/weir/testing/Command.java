package dev.weir.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A command of another program, in an environment of its own: nothing of this process's. */
public final class Command {
  private final List<String> words;
  private final Map<String, String> environment = new HashMap<>();
  private Path folder = Path.of(".");

  private Command(List<String> words) {
    this.words = words;
    environment.put("PATH", searchPath());
  }

  /** How a command ended; output is one character per octet. */
  public record Ended(int exitCode, String out, String err) {}

  public static Command of(List<String> words) {
    return new Command(List.copyOf(words));
  }

  public static Command of(String... words) {
    return of(List.of(words));
  }

  /** Whether a program is on the path. */
  public static boolean isThere(String program) {
    return List.of(searchPath().split(":")).stream()
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  public Command in(Path folder) {
    this.folder = folder;
    return this;
  }

  public Command with(String variable, String value) {
    environment.put(variable, value);
    return this;
  }

  /** Runs it to its end, two minutes at most. */
  public Ended run() throws IOException, InterruptedException {
    Path out = Files.createTempFile("weir-command-", ".out");
    Path err = Files.createTempFile("weir-command-", ".err");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(words)
              .directory(folder.toFile())
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectOutput(out.toFile())
              .redirectError(err.toFile());
      builder.environment().clear();
      builder.environment().putAll(environment);
      Process process = builder.start();
      if (!process.waitFor(2, TimeUnit.MINUTES)) {
        process.destroyForcibly().waitFor();
        throw new IOException("did not end: " + words);
      }
      return new Ended(process.exitValue(), read(out), read(err));
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  /** This JVM's own programs first: a client's java is the one that runs the tests. */
  private static String searchPath() {
    return Path.of(System.getProperty("java.home"), "bin") + ":" + System.getenv("PATH");
  }

  private static String read(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.ISO_8859_1);
  }
}
