import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Compares two runs of the micro-benchmarks, or keeps one as the baseline.
 *
 * <pre>java Compare.java BASELINE MEASURED
 * java Compare.java --keep MEASURED BASELINE</pre>
 *
 * A baseline is a JSON file with the date, the machine and one line for each benchmark: its score, the standard deviation
 * between iterations, and its unit (time for each operation: less is better). What differs by more than 10 % and by more
 * than three standard errors of the difference is a change; a slower one ends this with 1. On another machine than
 * the baseline's only ratios between benchmarks mean something, which is said.
 */
final class Compare {
  private static final double LEAST_CHANGE = 0.10;
  private static final double ERRORS = 3;

  private record Score(double mean, double deviation, int samples, String unit) {}

  private static final Pattern KEPT =
      Pattern.compile(
          "\"name\": \"([^\"]+)\", \"score\": ([^,]+), \"deviation\": ([^,]+), \"samples\": (\\d+), \"unit\": \"([^\"]+)\"");

  public static void main(String[] args) throws IOException {
    if (args[0].equals("--keep")) {
      keep(measured(Path.of(args[1])), Path.of(args[2]));
      return;
    }
    String baseline = Files.readString(Path.of(args[0]));
    Matcher machine = Pattern.compile("\"machine\": \"([^\"]*)\"").matcher(baseline);
    if (machine.find() && !machine.group(1).equals(machine())) {
      System.out.println("The baseline is of another machine (" + machine.group(1) + "): differences may be the machine's.");
    }
    System.exit(compare(kept(baseline), measured(Path.of(args[1]))) ? 0 : 1);
  }

  private static boolean compare(Map<String, Score> before, Map<String, Score> now) {
    int slower = 0;
    System.out.printf("%-60s %12s %12s %7s%n", "benchmark", "baseline", "now", "ratio");
    for (Map.Entry<String, Score> one : now.entrySet()) {
      Score is = one.getValue();
      Score was = before.get(one.getKey());
      if (was == null || !was.unit.equals(is.unit)) {
        System.out.printf(Locale.ROOT, "%-60s %12s %9.3f %s  not in the baseline%n", one.getKey(), "", is.mean, is.unit);
        continue;
      }
      double error = Math.hypot(was.deviation / Math.sqrt(was.samples), is.deviation / Math.sqrt(is.samples));
      boolean change = Math.abs(is.mean - was.mean) > Math.max(LEAST_CHANGE * was.mean, ERRORS * error);
      String verdict = !change ? "" : is.mean > was.mean ? "  SLOWER" : "  faster";
      slower += verdict.equals("  SLOWER") ? 1 : 0;
      System.out.printf(Locale.ROOT, "%-60s %12.3f %12.3f %7.2f %s%s%n", one.getKey(), was.mean, is.mean, is.mean / was.mean, is.unit, verdict);
    }
    for (String gone : before.keySet()) {
      if (!now.containsKey(gone)) {
        System.out.println(gone + ": not measured");
      }
    }
    System.out.println(slower == 0 ? "Nothing is slower beyond noise." : slower + " slower beyond noise.");
    return slower == 0;
  }

  private static void keep(Map<String, Score> measured, Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    measured.forEach(
        (name, score) ->
            lines.add(
                String.format(
                    Locale.ROOT,
                    "    {\"name\": \"%s\", \"score\": %.4f, \"deviation\": %.4f, \"samples\": %d, \"unit\": \"%s\"}",
                    name, score.mean, score.deviation, score.samples, score.unit)));
    Files.writeString(
        file,
        "{\n  \"date\": \"%s\",\n  \"machine\": \"%s\",\n  \"load\": \"%s\",\n  \"java\": \"%s\",\n  \"benchmarks\": [\n%s\n  ]\n}\n"
            .formatted(
                Instant.now().truncatedTo(ChronoUnit.SECONDS), machine(), load(), System.getProperty("java.vm.version"), String.join(",\n", lines)));
    System.out.println(measured.size() + " benchmarks kept in " + file);
  }

  private static Map<String, Score> kept(String json) {
    Map<String, Score> all = new TreeMap<>();
    Matcher found = KEPT.matcher(json);
    while (found.find()) {
      all.put(
          found.group(1),
          new Score(Double.parseDouble(found.group(2)), Double.parseDouble(found.group(3)), Integer.parseInt(found.group(4)), found.group(5)));
    }
    return all;
  }

  /** What JMH writes (-rf json): names, parameters, units, and every iteration of every fork. */
  private static Map<String, Score> measured(Path file) throws IOException {
    Map<String, Score> all = new TreeMap<>();
    for (String part : Files.readString(file).split("\"benchmark\" : ")) {
      Matcher name = Pattern.compile("^\"([^\"]+)\"").matcher(part);
      Matcher unit = Pattern.compile("\"scoreUnit\" : \"([^\"]+)\"").matcher(part);
      int raw = part.indexOf("\"rawData\" :");
      if (!name.find() || !unit.find() || raw < 0) {
        continue;
      }
      int end = part.indexOf('}', raw);
      Matcher number = Pattern.compile("-?\\d+\\.?\\d*(?:E-?\\d+)?").matcher(part.substring(raw + 11, end));
      List<Double> values = new ArrayList<>();
      while (number.find()) {
        values.add(Double.parseDouble(number.group()));
      }
      double mean = values.stream().mapToDouble(v -> v).average().orElse(0);
      double squares = values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
      Matcher parameters = Pattern.compile("\"params\" : \\{([^}]*)\\}").matcher(part);
      String suffix = parameters.find() ? parameters.group(1).replaceAll("[\"\\s]", "").replace(':', '=') : "";
      all.put(
          name.group(1).replace("dev.weir.", "") + (suffix.isEmpty() ? "" : "{" + suffix + "}"),
          new Score(mean, values.size() > 1 ? Math.sqrt(squares / (values.size() - 1)) : 0, values.size(), unit.group(1)));
    }
    return all;
  }

  private static String load() throws IOException {
    Path file = Path.of("/proc/loadavg");
    return Files.exists(file) ? Files.readString(file).split(" ")[0] : "unknown";
  }

  private static String machine() throws IOException {
    Path file = Path.of("/proc/cpuinfo");
    Matcher model = Pattern.compile("model name\\s*: (.*)").matcher(Files.exists(file) ? Files.readString(file) : "");
    return (model.find() ? model.group(1).trim() : System.getProperty("os.arch"))
        + ", "
        + Runtime.getRuntime().availableProcessors()
        + " cores";
  }
}
