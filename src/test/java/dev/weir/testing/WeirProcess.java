package dev.weir.testing;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A real {@code weir serve} in a process of its own, on free ports of loopback, from the classes
 * under test. Its log is kept in a file beside the data folder.
 */
public final class WeirProcess implements AutoCloseable {
  private static final Pattern LISTENING = Pattern.compile("https?://127\\.0\\.0\\.1:(\\d+)");
  private static final Pattern HEALTH = Pattern.compile("health port (\\d+)");
  private static final Pattern MIRROR =
      Pattern.compile("mirror on https?://127\\.0\\.0\\.1:(\\d+)");
  private final Process process;
  private final Path log;
  private final int port;
  private final int healthPort;
  private final int mirrorPort;

  private WeirProcess(Process process, Path log, int port, int healthPort, int mirrorPort) {
    this.process = process;
    this.log = log;
    this.port = port;
    this.healthPort = healthPort;
    this.mirrorPort = mirrorPort;
  }

  /** Starts with that heap (as {@code 256m}) and those further flags, and waits until it serves. */
  public static WeirProcess start(Path dataDir, String heap, String... flags) throws IOException {
    return start(List.of(), List.of(), dataDir, heap, flags);
  }

  /** As start, with further options of the JVM, such as a hosts file. */
  public static WeirProcess startWith(
      List<String> jvmOptions, Path dataDir, String heap, String... flags) throws IOException {
    return start(List.of(), jvmOptions, dataDir, heap, flags);
  }

  /**
   * As start, but in a network namespace of its own with nothing but loopback: cut off from every
   * origin. Clients must be run in it too ({@code nsenter -t <pid> -n}).
   */
  public static WeirProcess startCutOff(Path dataDir, String heap, String... flags)
      throws IOException {
    List<String> wrapper =
        List.of("unshare", "-n", "sh", "-c", "ip link set lo up && exec \"$@\"", "weir");
    return start(wrapper, List.of(), dataDir, heap, flags);
  }

  /** As start, by way of another program, which becomes it: {@code ip netns exec NAME}. */
  public static WeirProcess startBy(
      List<String> wrapper, Path dataDir, String heap, String... flags) throws IOException {
    return start(wrapper, List.of(), dataDir, heap, flags);
  }

  /** As startBy, but of other classes than those under test. */
  public static WeirProcess startFrom(
      String classPath, List<String> wrapper, Path dataDir, String heap, String... flags)
      throws IOException {
    // The last of several counts.
    return start(wrapper, List.of("-cp", classPath), dataDir, heap, flags);
  }

  /** Runs {@code weir} with those arguments to its end, from the classes under test. */
  public static Command.Ended run(String... arguments) throws Exception {
    List<String> command = java("256m", List.of());
    command.addAll(List.of(arguments));
    Command run = Command.of(command);
    S3Server.environment().forEach(run::with);
    return run.run();
  }

  private static List<String> java(String heap, List<String> jvmOptions) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx" + heap,
            "-XX:+UseParallelGC",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Djava.util.concurrent.ForkJoinPool.common.parallelism=2"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(jvmOptions);
    command.add("dev.weir.cli.Main");
    return command;
  }

  private static WeirProcess start(
      List<String> wrapper, List<String> jvmOptions, Path dataDir, String heap, String... flags)
      throws IOException {
    List<String> command = new ArrayList<>(wrapper);
    command.addAll(java(heap, jvmOptions));
    command.addAll(
        List.of("serve", "--bind=127.0.0.1", "--health-host=127.0.0.1", "--data-dir=" + dataDir));
    if (Arrays.stream(flags).noneMatch(flag -> flag.startsWith("--port="))) {
      command.add("--port=0");
    }
    command.addAll(List.of(flags));
    Files.createDirectories(dataDir);
    Path log = Files.createTempFile(dataDir.toAbsolutePath().getParent(), "weir-", ".log");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(S3Server.environment());
    Process process =
        builder
            .redirectError(log.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .start();
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    StringBuilder said = new StringBuilder();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      said.append(line).append('\n');
      Matcher listening = LISTENING.matcher(line);
      if (line.startsWith("Weir ") && listening.find()) {
        Matcher health = HEALTH.matcher(line);
        int healthPort = health.find() ? Integer.parseInt(health.group(1)) : 0;
        Matcher mirror = MIRROR.matcher(line);
        int mirrorPort = mirror.find() ? Integer.parseInt(mirror.group(1)) : 0;
        return new WeirProcess(
            process, log, Integer.parseInt(listening.group(1)), healthPort, mirrorPort);
      }
    }
    throw new IOException("weir did not start: " + said + Files.readString(log));
  }

  public int port() {
    return port;
  }

  public int healthPort() {
    return healthPort;
  }

  /** Of the mirror beside the proxy; 0 where there is none. */
  public int mirrorPort() {
    return mirrorPort;
  }

  public InetSocketAddress address() {
    return new InetSocketAddress("127.0.0.1", port);
  }

  /** As clients write it into their settings. */
  public String proxyUrl() {
    return "http://127.0.0.1:" + port;
  }

  public String log() throws IOException {
    return Files.readString(log);
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** As {@code kill -STOP}: not one thread runs, but the kernel still accepts for it. */
  public void pause() throws IOException, InterruptedException {
    signal("STOP");
  }

  /** As {@code kill -CONT}. */
  public void resume() throws IOException, InterruptedException {
    signal("CONT");
  }

  private void signal(String name) throws IOException, InterruptedException {
    Command.Ended sent = Command.of("kill", "-" + name, Long.toString(pid())).run();
    if (sent.exitCode() != 0) {
      throw new IOException("no " + name + ": " + sent.err());
    }
  }

  /** As {@code kill -9}. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** As {@code kill}: lets it drain; returns the exit code. */
  public int terminate() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IllegalStateException("did not end after SIGTERM");
    }
    return process.exitValue();
  }

  @Override
  public void close() {
    try {
      kill();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
