package dev.weir.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.weir.conformance.SuiteRun.Result;
import dev.weir.testing.Command;
import dev.weir.testing.WeirProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The public caching conformance suite, run through a real node with stock settings as a forward
 * and as a reverse proxy. The tests it passes are listed in {@code conformance/passes.txt}: one
 * that is listed and fails is an error, one that passes and is not listed asks to be added. {@code
 * docs/http-caching.md} says why the others fail.
 */
class ConformanceIT {
  private static final String SUITE = "http-cache-tests@0.4.5";
  private static final Path FOLDER = Path.of("target", "conformance").toAbsolutePath();
  private static final Path EXPECTED = Path.of("src/test/resources/conformance/passes.txt");

  /** The profile that is for this suite does not leave it out. */
  private static final boolean REQUIRED = Boolean.getBoolean("weir.conformance.required");

  private static Path suite;

  @TempDir Path scratch;

  @BeforeAll
  static void installTheSuite() throws IOException, InterruptedException {
    for (String program : List.of("node", "npm")) {
      if (!Command.isThere(program)) {
        missing(program + " is not on the path");
      }
    }
    suite = FOLDER.resolve("node_modules/http-cache-tests");
    if (Files.exists(suite.resolve("package.json"))) {
      return;
    }
    Files.createDirectories(FOLDER);
    Process npm =
        new ProcessBuilder(
                "npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", SUITE)
            .directory(FOLDER.toFile())
            .redirectErrorStream(true)
            .redirectOutput(FOLDER.resolve("npm.log").toFile())
            .start();
    if (!npm.waitFor(5, TimeUnit.MINUTES) || npm.exitValue() != 0) {
      npm.destroyForcibly();
      missing("npm cannot install " + SUITE + "; see " + FOLDER.resolve("npm.log"));
    }
  }

  private static void missing(String reason) {
    assertThat(REQUIRED).as(reason).isFalse();
    abort(reason);
  }

  @ParameterizedTest
  @ValueSource(strings = {"forward", "reverse"})
  void passesWhatItPassed(String mode) throws Exception {
    // Given
    Set<String> expected = new TreeSet<>(Files.readAllLines(EXPECTED, StandardCharsets.UTF_8));

    // When
    Map<String, Result> results = run(mode, Set.of());
    Set<String> lost = new TreeSet<>(expected);
    lost.removeIf(id -> results.containsKey(id) && results.get(id).passed());
    if (!lost.isEmpty()) {
      // Its clock runs in seconds, a hundred at a time: on a busy machine one may come too late.
      results.putAll(run(mode, lost));
      lost.removeIf(id -> results.containsKey(id) && results.get(id).passed());
    }

    // Then
    report(mode, results, expected);
    assertThat(lost).as("passed before; see " + FOLDER).isEmpty();
  }

  private Map<String, Result> run(String mode, Set<String> only) throws Exception {
    List<String> flags = new ArrayList<>(List.of("--allow-destinations=127.0.0.0/8"));
    Path data = scratch.resolve(mode + only.size());
    try (SuiteRun run = SuiteRun.start(suite, mode, only, FOLDER.resolve(mode + ".log"))) {
      if (mode.equals("reverse")) {
        flags.addAll(List.of("--mode=reverse", "--origin=" + run.origin()));
      }
      try (WeirProcess weir = WeirProcess.start(data, "512m", flags.toArray(String[]::new))) {
        return run.through(weir.proxyUrl());
      }
    }
  }

  private static void report(String mode, Map<String, Result> results, Set<String> expected)
      throws IOException {
    Map<String, int[]> counts = new TreeMap<>();
    List<String> lines = new ArrayList<>();
    List<String> raised = new ArrayList<>();
    results.forEach(
        (id, result) -> {
          int[] count = counts.computeIfAbsent(result.kind(), kind -> new int[2]);
          count[0] += result.passed() ? 1 : 0;
          count[1]++;
          lines.add(String.join("\t", result.kind(), result.verdict(), id, result.why()));
          if (result.passed() && !expected.contains(id) && !result.kind().equals("check")) {
            raised.add(id);
          }
        });
    Files.write(FOLDER.resolve(mode + ".tsv"), lines, StandardCharsets.UTF_8);
    StringBuilder text = new StringBuilder("conformance, " + mode + " mode:");
    for (String kind : List.of("required", "optimal", "check")) {
      int[] count = counts.getOrDefault(kind, new int[2]);
      text.append(" %s %d of %d;".formatted(kind, count[0], count[1]));
    }
    System.out.println(text.append(" each in " + FOLDER.resolve(mode + ".tsv")));
    if (!raised.isEmpty()) {
      System.out.println("these pass now, add them to " + EXPECTED + ": " + raised);
    }
  }
}
