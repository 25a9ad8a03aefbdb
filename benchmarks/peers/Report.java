import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Makes of the samples of {@code benchmarks/peers/run} (a line each: row, side, value, separated by tabs) the medians,
 * spreads and ratios: {@code results.json}, {@code results.md} and {@code chart.svg} in a folder.
 *
 * <pre>java Report.java SAMPLES FOLDER SQUID_VERSION NGINX_VERSION WEIR_VERSION</pre>
 */
final class Report {
  /**
   * One row of the table.
   *
   * @param against the side that Weir is compared with, or empty
   * @param aim the least ratio, or the most (or least) value where there is nobody to compare with; NaN without one
   * @param moreIsBetter whether large values are good
   */
  private record Row(String id, String title, String unit, String against, double aim, boolean moreIsBetter) {}

  private static final List<Row> ROWS =
      List.of(
          new Row("1k", "1 KiB hit, 32 tunnels", "µs CPU", "squid", 1.2, false),
          new Row("64k", "64 KiB hit, 32 tunnels", "µs CPU", "squid", 2.5, false),
          new Row("64m", "64 MiB hit, 4 tunnels", "µs CPU", "squid", 2.2, false),
          new Row("64m", "64 MiB hit, nginx without interception", "µs CPU", "nginx", 1.0, false),
          new Row("tunnels", "new tunnel, full handshake, one hit", "µs CPU", "squid", 1.5, false),
          new Row("names", "first contact with new names", "per s and core", "", 300, true),
          new Row("p99", "p99 of 1 KiB hits at half of squid's rate", "µs", "squid", 1.0, false),
          new Row("idle", "memory, idle", "MiB resident", "", 250, false),
          new Row("tunnelheap", "live heap of an idle tunnel", "KiB", "", 40, false),
          new Row("tunnelrss", "resident size of an idle tunnel", "KiB", "squid", Double.NaN, false),
          new Row("start", "command to first byte", "ms", "", 1500, false));

  private record Stats(double median, double least, double most, int count) {
    static Stats of(List<Double> values) {
      List<Double> sorted = values.stream().sorted().toList();
      int n = sorted.size();
      double median = n % 2 == 1 ? sorted.get(n / 2) : (sorted.get(n / 2 - 1) + sorted.get(n / 2)) / 2;
      return new Stats(median, sorted.get(0), sorted.get(n - 1), n);
    }

    String text() {
      return number(median) + (count > 1 ? " (" + number(least) + "–" + number(most) + ")" : "");
    }
  }

  private final Map<String, Map<String, Stats>> stats = new LinkedHashMap<>();
  private final Map<String, Map<String, List<Double>>> samples = new LinkedHashMap<>();
  private final Map<String, String> about = new LinkedHashMap<>();

  public static void main(String[] args) throws IOException {
    Report report = new Report();
    for (String line : Files.readAllLines(Path.of(args[0]))) {
      String[] part = line.split("\t");
      report
          .samples
          .computeIfAbsent(part[0], row -> new LinkedHashMap<>())
          .computeIfAbsent(part[1], side -> new ArrayList<>())
          .add(Double.parseDouble(part[2]));
    }
    report.samples.forEach(
        (row, sides) -> {
          Map<String, Stats> of = new LinkedHashMap<>();
          sides.forEach((side, values) -> of.put(side, Stats.of(values)));
          report.stats.put(row, of);
        });
    report.about.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    report.about.put("machine", machine());
    report.about.put("load", Files.readString(Path.of("/proc/loadavg")).split(" ")[0]);
    report.about.put("squid", args[2]);
    report.about.put("nginx", args[3]);
    report.about.put("weir", args[4]);
    Path folder = Files.createDirectories(Path.of(args[1]));
    Files.writeString(folder.resolve("results.json"), report.json());
    Files.writeString(folder.resolve("results.md"), report.markdown());
    Files.writeString(folder.resolve("chart.svg"), report.svg());
  }

  private static String machine() throws IOException {
    Matcher model = Pattern.compile("model name\\s*: (.*)").matcher(Files.readString(Path.of("/proc/cpuinfo")));
    return (model.find() ? model.group(1).trim() : System.getProperty("os.arch"))
        + ", "
        + Runtime.getRuntime().availableProcessors()
        + " cores";
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, value >= 1000 ? "%.0f" : value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value);
  }

  /** How many times better Weir is than the other side; 0 if one of them was not measured. */
  private double ratio(Row row) {
    Map<String, Stats> sides = stats.getOrDefault(row.id, Map.of());
    Stats weir = sides.get("weir");
    Stats other = sides.get(row.against);
    if (weir == null || other == null || weir.median <= 0 || other.median <= 0) {
      return 0;
    }
    return row.moreIsBetter ? weir.median / other.median : other.median / weir.median;
  }

  private boolean reached(Row row) {
    if (!row.against.isEmpty()) {
      return ratio(row) >= row.aim;
    }
    double weir = stats.get(row.id).get("weir").median;
    return row.moreIsBetter ? weir >= row.aim : weir <= row.aim;
  }

  private List<Row> measured() {
    return ROWS.stream().filter(row -> stats.getOrDefault(row.id, Map.of()).containsKey("weir")).toList();
  }

  private String markdown() {
    StringBuilder out = new StringBuilder("| work | Weir | squid | nginx | ratio | aim | |\n|---|---|---|---|---|---|---|\n");
    for (Row row : measured()) {
      Map<String, Stats> sides = stats.get(row.id);
      boolean compared = !row.against.isEmpty();
      out.append("| ").append(row.title).append(", ").append(row.unit);
      for (String side : List.of("weir", "squid", "nginx")) {
        Stats of = sides.get(side);
        out.append(" | ").append(of == null ? "" : of.text());
      }
      out.append(" | ").append(compared && ratio(row) > 0 ? row.against + " / Weir " + number(ratio(row)) : "");
      String aim = compared ? "≥ " : row.moreIsBetter ? "≥ " : "≤ ";
      boolean has = !Double.isNaN(row.aim);
      out.append(" | ").append(has ? aim + (row.aim >= 10 ? String.format(Locale.ROOT, "%.0f", row.aim) : number(row.aim)) : "");
      out.append(" | ").append(!has ? "" : reached(row) ? "reached" : "not reached").append(" |\n");
    }
    Stats rate = stats.getOrDefault("p99rate", Map.of()).get("squid");
    out.append("\nMedians (least–most) of interleaved rounds; CPU is that of the whole process tree. ");
    if (rate != null) {
      out.append("p99 at ").append(number(rate.median)).append(" requests per second. ");
    }
    return out.append(about.get("date"))
        .append(", ")
        .append(about.get("machine"))
        .append(", load ")
        .append(about.get("load"))
        .append("; Weir ")
        .append(about.get("weir"))
        .append(", ")
        .append(about.get("squid"))
        .append(", ")
        .append(about.get("nginx"))
        .append(".\n")
        .toString();
  }

  private String json() {
    String head = about.entrySet().stream().map(e -> "  " + quoted(e.getKey()) + ": " + quoted(e.getValue())).collect(Collectors.joining(",\n"));
    List<String> rows = new ArrayList<>();
    samples.forEach(
        (row, sides) ->
            sides.forEach(
                (side, values) -> {
                  Stats of = stats.get(row).get(side);
                  rows.add(
                      String.format(
                          Locale.ROOT,
                          "    {\"row\": %s, \"side\": %s, \"median\": %s, \"least\": %s, \"most\": %s, \"samples\": %s}",
                          quoted(row), quoted(side), of.median, of.least, of.most, values));
                }));
    String ratios =
        measured().stream()
            .filter(row -> ratio(row) > 0)
            .map(row -> String.format(Locale.ROOT, "    {\"row\": %s, \"against\": %s, \"ratio\": %.3f}", quoted(row.id), quoted(row.against), ratio(row)))
            .collect(Collectors.joining(",\n"));
    return "{\n" + head + ",\n  \"rows\": [\n" + String.join(",\n", rows) + "\n  ],\n  \"ratios\": [\n" + ratios + "\n  ]\n}\n";
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  /** A bar for each ratio: the line is where both sides are level, the tick where the aim is. */
  private String svg() {
    List<Row> rows = measured().stream().filter(row -> ratio(row) > 0).toList();
    double most = rows.stream().mapToDouble(row -> Math.max(ratio(row), Double.isNaN(row.aim) ? 0 : row.aim)).max().orElse(1);
    double perUnit = 380 / Math.max(most, 1);
    int left = 290;
    int height = 50 + 30 * rows.size();
    StringBuilder out =
        new StringBuilder(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" height=\"%d\" font-family=\"sans-serif\" font-size=\"13\">%n".formatted(height));
    out.append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
    out.append("<text x=\"%d\" y=\"20\">times cheaper than the other side (tick: aim)</text>%n".formatted(left));
    int y = 34;
    for (Row row : rows) {
      double ratio = ratio(row);
      String colour = Double.isNaN(row.aim) ? "#888" : reached(row) ? "#2a7a4b" : "#b5651d";
      out.append("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n".formatted(left - 8, y + 14, escaped(row.title)));
      out.append(String.format(Locale.ROOT, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"18\" fill=\"%s\"/>%n", left, y, ratio * perUnit, colour));
      out.append(
          String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%d\">%.2f</text>%n", left + Math.max(ratio, Double.isNaN(row.aim) ? 0 : row.aim) * perUnit + 6, y + 14, ratio));
      if (!Double.isNaN(row.aim)) {
        out.append(
            String.format(Locale.ROOT, "<rect x=\"%.1f\" y=\"%d\" width=\"2\" height=\"24\" fill=\"black\"/>%n", left + row.aim * perUnit - 1, y - 3));
      }
      y += 30;
    }
    out.append(
        String.format(Locale.ROOT, "<line x1=\"%1$.1f\" y1=\"28\" x2=\"%1$.1f\" y2=\"%2$d\" stroke=\"#444\" stroke-dasharray=\"3 3\"/>%n", left + perUnit, y));
    return out.append("</svg>\n").toString();
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;");
  }
}
