package dev.weir.conformance;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/** The conformance suite in a Node process of its own: its origin, its client and its verdicts. */
final class SuiteRun implements AutoCloseable {
  private final Process process;
  private final BufferedReader told;
  private final BufferedWriter tell;
  private final String origin;

  /** What became of one test; {@code verdict} is {@code pass} or why not, in one word. */
  record Result(String kind, String verdict, String why) {
    boolean passed() {
      return verdict.equals("pass");
    }
  }

  private SuiteRun(Process process) throws IOException {
    this.process = process;
    this.told = process.inputReader(StandardCharsets.UTF_8);
    this.tell = process.outputWriter(StandardCharsets.UTF_8);
    this.origin = line().substring("origin ".length());
  }

  /**
   * Starts the suite's origin on a free port of loopback.
   *
   * @param mode {@code forward} or {@code reverse}
   * @param only the tests to run; empty for all
   */
  static SuiteRun start(Path suite, String mode, Collection<String> only, Path log)
      throws IOException {
    Path script = Path.of("src/test/resources/conformance/run.mjs").toAbsolutePath();
    ProcessBuilder node =
        new ProcessBuilder("node", "--no-warnings", script.toString(), suite.toString(), mode)
            .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    if (!only.isEmpty()) {
      node.environment().put("CONFORMANCE_ONLY", String.join(",", only));
    }
    return new SuiteRun(node.start());
  }

  /** The URL of the suite's origin. */
  String origin() {
    return origin;
  }

  /** Runs the tests through that cache; by id. */
  Map<String, Result> through(String cacheUrl) throws IOException {
    tell.write(cacheUrl + "\n");
    tell.flush();
    Map<String, Result> results = new TreeMap<>();
    for (String line = line(); !line.equals("end"); line = line()) {
      String[] words = line.split("\t", 4);
      results.put(words[0], new Result(words[1], words[2], words[3]));
    }
    return results;
  }

  private String line() throws IOException {
    String line = told.readLine();
    if (line == null) {
      throw new IOException("the suite ended before its time");
    }
    return line;
  }

  @Override
  public void close() {
    process.destroy();
  }
}
