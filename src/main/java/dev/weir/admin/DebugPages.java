package dev.weir.admin;

import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/** The pages below {@code /debug}: plain text, for loopback only. */
public final class DebugPages {
  private final Map<String, Supplier<String>> connections = new LinkedHashMap<>();

  /** Adds a section to {@code /debug/connections}. */
  public DebugPages connections(String title, Supplier<String> text) {
    connections.put(title, text);
    return this;
  }

  String connections() {
    StringBuilder page = new StringBuilder();
    connections.forEach(
        (title, text) ->
            page.append("== ").append(title).append('\n').append(text.get()).append('\n'));
    return page.toString();
  }

  static String threads() {
    StringBuilder page = new StringBuilder();
    Thread.getAllStackTraces().entrySet().stream()
        .sorted(Comparator.comparing(entry -> entry.getKey().getName()))
        .forEach(
            entry -> {
              Thread thread = entry.getKey();
              page.append('"').append(thread.getName()).append("\" ");
              page.append(thread.isDaemon() ? "daemon " : "")
                  .append(thread.getState())
                  .append('\n');
              for (StackTraceElement frame : entry.getValue()) {
                page.append("    at ").append(frame).append('\n');
              }
              page.append('\n');
            });
    return page.toString();
  }

  static String memory() {
    StringBuilder page = new StringBuilder();
    page.append("resident: ").append(residentKib()).append(" KiB\n");
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      page.append(
          "%s: %d KiB used of %d%n"
              .formatted(
                  pool.getName(),
                  pool.getUsage().getUsed() / 1024,
                  pool.getUsage().getCommitted() / 1024));
    }
    for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
      page.append(
          "%s buffers: %d, %d KiB%n"
              .formatted(pool.getName(), pool.getCount(), pool.getMemoryUsed() / 1024));
    }
    ManagementFactory.getGarbageCollectorMXBeans()
        .forEach(
            gc ->
                page.append(
                    "%s: %d collections, %d ms%n"
                        .formatted(gc.getName(), gc.getCollectionCount(), gc.getCollectionTime())));
    return page.toString();
  }

  private static String residentKib() {
    try (var lines = Files.lines(Path.of("/proc/self/status"))) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .map(line -> line.replaceAll("\\D", ""))
          .findFirst()
          .orElse("unknown");
    } catch (IOException notLinux) {
      return "unknown";
    }
  }
}
