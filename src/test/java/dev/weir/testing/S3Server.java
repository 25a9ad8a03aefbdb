package dev.weir.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A real S3 server (s3proxy over a folder) in a process of its own on a free port of loopback. It
 * checks signatures. Its jar is put below target/servers by the build ({@code -Pstores}), or found
 * in the local repository.
 */
public final class S3Server implements AutoCloseable {
  public static final String ACCESS_KEY = "weir-test";
  public static final String SECRET_KEY = "weir-test-secret";
  private static final String JAR = "s3proxy-4.1.0-jar-with-dependencies.jar";
  private static final long START_TIMEOUT_SECONDS = 60;

  private final Path folder;
  private final int port;
  private Process process;

  private S3Server(Path folder, int port) throws IOException {
    this.folder = folder;
    this.port = port;
    this.process = run();
    Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(this::close));
  }

  /** Starts it over that folder with those buckets, and waits until it answers. */
  public static S3Server start(Path folder, String... buckets) throws IOException {
    for (String bucket : buckets) {
      Files.createDirectories(folder.resolve("objects").resolve(bucket));
    }
    return new S3Server(folder, freePort());
  }

  private static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return free.getLocalPort();
    }
  }

  private Process run() throws IOException {
    Path properties = folder.resolve("s3proxy.properties");
    Files.write(
        properties,
        List.of(
            "s3proxy.endpoint=http://127.0.0.1:" + port,
            "s3proxy.authorization=aws-v2-or-v4",
            "s3proxy.identity=" + ACCESS_KEY,
            "s3proxy.credential=" + SECRET_KEY,
            "jclouds.provider=filesystem-nio2",
            "jclouds.filesystem.basedir=" + folder.resolve("objects").toAbsolutePath()));
    Process started =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-jar",
                jar().toString(),
                "--properties",
                properties.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("s3proxy.log").toFile())
            .start();
    awaitListening(started);
    return started;
  }

  private static Path jar() {
    return Stream.of(
            Path.of("target", "servers", JAR),
            Path.of(
                System.getProperty("user.home"), ".m2/repository/org/gaul/s3proxy/4.1.0/" + JAR))
        .filter(Files::isReadable)
        .findFirst()
        .orElseThrow(
            () -> new IllegalStateException(JAR + " is not there: build with -Pstores once"));
  }

  private void awaitListening(Process started) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_TIMEOUT_SECONDS);
    while (!listens()) {
      if (!started.isAlive() || System.nanoTime() > end) {
        started.destroyForcibly();
        throw new IOException(
            "s3proxy did not start: " + Files.readString(folder.resolve("s3proxy.log")));
      }
      sleep(50);
    }
  }

  private boolean listens() {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", port), 200);
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  public String endpoint() {
    return "http://127.0.0.1:" + port;
  }

  public int port() {
    return port;
  }

  /** What a client process needs in its environment. */
  public static Map<String, String> environment() {
    return Map.of("AWS_ACCESS_KEY_ID", ACCESS_KEY, "AWS_SECRET_ACCESS_KEY", SECRET_KEY);
  }

  /** The files that are the bucket's objects; other programs may change them behind our back. */
  public List<Path> objects(String bucket) {
    return FilesUnder.of(folder.resolve("objects").resolve(bucket)).toList();
  }

  /** It is gone from now on, what it holds is kept. */
  public synchronized void stop() {
    try {
      process.destroyForcibly().waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** It is back on the same port. */
  public synchronized void restart() throws IOException {
    stop();
    process = run();
  }

  @Override
  public void close() {
    stop();
  }
}
