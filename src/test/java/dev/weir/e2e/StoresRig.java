package dev.weir.e2e;

import dev.weir.testing.FaultyProxy;
import dev.weir.testing.FreshPorts;
import dev.weir.testing.OriginServer;
import dev.weir.testing.S3Server;
import dev.weir.testing.WeirProcess;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ServerSocketFactory;

/** An origin, an S3 server with a line before it that can be made bad, and nodes that use both. */
final class StoresRig implements AutoCloseable {
  final S3Server s3;
  final FaultyProxy line;
  final OriginServer origin;
  private final Path folder;

  private StoresRig(Path folder) throws IOException {
    this.folder = folder;
    this.s3 = S3Server.start(Files.createDirectories(folder.resolve("s3")), "weir");
    this.line = FaultyProxy.before(s3.port());
    this.origin = OriginServer.start();
  }

  static StoresRig start(Path folder) throws IOException {
    return new StoresRig(folder);
  }

  /** A port that nothing listens on. */
  static int freePort() throws IOException {
    try (ServerSocket socket = FreshPorts.listen(ServerSocketFactory.getDefault(), 1)) {
      return socket.getLocalPort();
    }
  }

  /** A node with that data folder, whose bodies live in S3; patient unless it has a file. */
  WeirProcess weir(Path dataDir, String... more) throws IOException {
    List<String> flags =
        new ArrayList<>(
            List.of(
                "--health-port=" + freePort(),
                "--s3-bucket=weir",
                "--s3-region=us-east-1",
                "--s3-endpoint=" + line.url()));
    if (Stream.of(more).noneMatch(flag -> flag.startsWith("--config="))) {
      flags.add(Patience.flag(folder));
    }
    flags.addAll(List.of(more));
    return WeirProcess.start(dataDir, "256m", flags.toArray(String[]::new));
  }

  /** The same in the rig's own folder. */
  WeirProcess weir(String... more) throws IOException {
    return weir(
        folder.resolve("node"),
        Stream.concat(Stream.of("--allow-destinations=127.0.0.0/8"), Stream.of(more))
            .toArray(String[]::new));
  }

  static String page(WeirProcess weir, String path) throws IOException, InterruptedException {
    URI url = URI.create("http://127.0.0.1:" + weir.healthPort() + path);
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(HttpRequest.newBuilder(url).build(), HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }

  /** A metric without labels; -1 if there is none of that name. */
  static long metric(WeirProcess weir, String name) throws IOException, InterruptedException {
    return page(weir, "/metrics")
        .lines()
        .filter(text -> text.startsWith(name))
        .mapToLong(text -> (long) Double.parseDouble(text.substring(text.lastIndexOf(' '))))
        .findFirst()
        .orElse(-1);
  }

  /** Entries that wait to be uploaded. */
  static long pending(WeirProcess weir) throws IOException, InterruptedException {
    return metric(weir, "weir_pending_entries");
  }

  static boolean isDegraded(WeirProcess weir) throws IOException, InterruptedException {
    return page(weir, "/health").contains("degraded");
  }

  long chunksInS3() {
    return s3.objects("weir").stream()
        .filter(file -> file.getFileName().toString().matches("[0-9a-f]{64}"))
        .filter(file -> !file.toString().contains("/whole/"))
        .count();
  }

  /** What the node of the rig's own folder keeps on its disk goes behind its back. */
  void wipeDiskTier() throws IOException {
    wipe(folder.resolve("node"));
  }

  static void wipe(Path dataDir) throws IOException {
    try (Stream<Path> files = Files.walk(dataDir.resolve("data"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.delete(file);
      }
    }
  }

  @Override
  public void close() throws IOException {
    origin.close();
    line.close();
    s3.close();
  }
}
