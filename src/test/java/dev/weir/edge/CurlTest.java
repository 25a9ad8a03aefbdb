package dev.weir.edge;

import static dev.weir.edge.EdgeFixture.SYSTEM;
import static dev.weir.edge.EdgeFixture.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The edge as the curl binary sees it. */
@Timeout(60)
class CurlTest {
  private static final int PARTIAL_FILE = 18;
  private static final int RECEIVE_ERROR = 56;

  @TempDir static Path folder;
  private static Path ca;

  private record Run(int exit, String out, String err) {}

  @BeforeAll
  static void trust() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/curl")), "no curl here");
    ca = folder.resolve("ca.pem");
    String der =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
            .encodeToString(EdgeFixture.TLS.certificate.getEncoded());
    Files.writeString(ca, "-----BEGIN CERTIFICATE-----\n" + der + "\n-----END CERTIFICATE-----\n");
  }

  private static Run curl(EdgeFixture edge, String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of("/usr/bin/curl", "-sS", "-q", "--noproxy", "", "--cacert", ca.toString()));
    command.addAll(List.of("-x", "http://127.0.0.1:" + edge.port(), "--max-time", "30"));
    command.addAll(List.of(arguments));
    Path out = Files.createTempFile(folder, "curl", ".out");
    Path err = Files.createTempFile(folder, "curl", ".err");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    assertThat(process.waitFor(40, TimeUnit.SECONDS)).isTrue();
    return new Run(
        process.exitValue(),
        Files.readString(out, StandardCharsets.ISO_8859_1),
        Files.readString(err, StandardCharsets.ISO_8859_1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://origin.test/a?b=%2B",
        "https://origin.test/a?b=%2B",
        "https://127.0.0.1/a",
        "https://[::1]/a"
      })
  void fetches(String url) throws Exception {
    // Given
    try (EdgeFixture edge = EdgeFixture.describing("")) {
      // When
      Run run = curl(edge, "--globoff", url);

      // Then
      assertThat(run.err()).isEmpty();
      assertThat(run.out()).startsWith("GET " + url);
      assertThat(run.exit()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--tls-max 1.2", "--tlsv1.3"})
  void oneTunnelServesManyRequests(String version) throws Exception {
    // Given
    try (EdgeFixture edge = EdgeFixture.describing("")) {
      // When
      List<String> arguments = new ArrayList<>(List.of(version.split(" ")));
      arguments.add("https://origin.test/[1-20]");
      Run run = curl(edge, arguments.toArray(String[]::new));

      // Then
      assertThat(run.err()).isEmpty();
      assertThat(run.out()).contains("/1 ").contains("/20 ");
      assertThat(edge.metrics.connections()).isEqualTo(1);
      assertThat(edge.metrics.handshakes()).isEqualTo(1);
    }
  }

  @Test
  void uploadsWithExpect() throws Exception {
    // Given
    Path body = folder.resolve("body");
    Files.write(body, new byte[5_000_000]);
    try (EdgeFixture edge =
        EdgeFixture.serving(
            request ->
                request
                    .entity()
                    .getDataBytes()
                    .runFold(0, (sum, bytes) -> sum + bytes.size(), SYSTEM)
                    .thenApply(sum -> text("got " + sum)))) {
      // When
      Run sized = curl(edge, "-T", body.toString(), "https://origin.test/up");
      Run chunked =
          curl(
              edge,
              "-T",
              body.toString(),
              "-H",
              "Transfer-Encoding: chunked",
              "http://origin.test/up");

      // Then
      assertThat(sized.out()).isEqualTo("got 5000000");
      assertThat(chunked.out()).isEqualTo("got 5000000");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://origin.test/", "https://origin.test/"})
  void brokenBodyIsAnError(String url) throws Exception {
    // Given
    Source<ByteString, ?> broken =
        Source.single(ByteString.fromArrayUnsafe(new byte[200_000]))
            .concat(Source.failed(new IllegalStateException("origin broke")));
    try (EdgeFixture edge =
        EdgeFixture.serving(
            request ->
                CompletableFuture.completedFuture(
                    new EdgeResponse.Full(
                        new ResponseHead(200, "OK", Headers.EMPTY),
                        HttpEntities.createChunked(
                            ContentTypes.APPLICATION_OCTET_STREAM, Source.fromGraph(broken)),
                        false)))) {
      // When
      Run run = curl(edge, "-o", folder.resolve("part").toString(), url);

      // Then
      assertThat(run.exit()).isIn(PARTIAL_FILE, RECEIVE_ERROR);
    }
  }

  @Test
  void refusedConnectIsShownAsSuch() throws Exception {
    // Given
    try (EdgeFixture edge = EdgeFixture.describing("")) {
      // When
      Run run = curl(edge, "https://origin.test:8443/");

      // Then
      assertThat(run.exit()).isEqualTo(RECEIVE_ERROR);
      assertThat(run.err()).contains("403");
    }
  }
}
