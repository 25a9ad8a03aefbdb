package dev.weir.cli;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** Commands that speak to a running node's health port. */
final class AdminClient {
  private static final String DEFAULT = "http://127.0.0.1:8082";

  /**
   * Above twice weir.admin.purge-timeout-millis: a purge first asks its keeper, then invalidates.
   */
  private static final Duration TIMEOUT = Duration.ofMinutes(3);

  private static final int PROBE_MILLIS = 1000;

  private final String base;
  private final String token;

  private AdminClient(String base, String token) {
    this.base = base;
    this.token = token;
  }

  static void addOptions(CommandSpec command) {
    command.addOption(
        OptionSpec.builder("--admin")
            .type(String.class)
            .paramLabel("URL")
            .description("The health port of a running node (" + DEFAULT + ").")
            .build());
    command.addOption(
        OptionSpec.builder("--token-file")
            .type(String.class)
            .paramLabel("FILE")
            .description("The fleet's secret, where the node is not on this machine.")
            .build());
  }

  /** Fields of the request whose key is meant. */
  static void addFields(CommandSpec command) {
    command.addOption(
        OptionSpec.builder("-H", "--header")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity("1")
            .paramLabel("NAME:VALUE")
            .description(
                "A field of the request whose key it is, where rules or filters make keys of"
                    + " fields; repeatable.")
            .build());
  }

  /** As typed. */
  static List<String> fields(ParseResult parsed) {
    List<String> fields = parsed.matchedOptionValue("--header", List.of());
    try {
      var _ = UrlKeys.headers(fields);
    } catch (IllegalArgumentException bad) {
      throw new SettingsException("--header: " + bad.getMessage());
    }
    return fields;
  }

  /** What names a URL and fields to a node. */
  static String question(String url, List<String> fields) {
    StringBuilder question = new StringBuilder("?url=").append(encoded(url));
    fields.forEach(field -> question.append("&header=").append(encoded(field)));
    return question.toString();
  }

  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  static AdminClient of(ParseResult parsed) {
    String base = base(parsed.matchedOptionValue("--admin", DEFAULT));
    String file = parsed.matchedOptionValue("--token-file", "");
    try {
      return new AdminClient(base, file.isEmpty() ? "" : Files.readString(Path.of(file)).strip());
    } catch (IOException e) {
      throw new SettingsException("--token-file: cannot read %s".formatted(file));
    }
  }

  /** A URL that paths can be put behind; its own last slash goes. */
  private static String base(String typed) {
    String base = typed.endsWith("/") ? typed.substring(0, typed.length() - 1) : typed;
    try {
      URI url = new URI(base);
      boolean http = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
      if (http && url.getHost() != null && base.indexOf('?') < 0 && base.indexOf('#') < 0) {
        return base;
      }
    } catch (URISyntaxException noUrl) {
      // the same sentence for all that is none
    }
    throw new SettingsException(
        "--admin: expected a URL as %s, got '%s'".formatted(DEFAULT, typed));
  }

  /** The node on this machine at that health port. */
  static AdminClient local(int port) {
    return new AdminClient("http://127.0.0.1:" + port, "");
  }

  String base() {
    return base;
  }

  /** Whether something listens there. */
  boolean isThere() {
    URI url = URI.create(base);
    int port = url.getPort() < 0 ? 80 : url.getPort();
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(url.getHost(), port), PROBE_MILLIS);
      return true;
    } catch (IOException none) {
      return false;
    }
  }

  HttpResponse<String> send(String method, String target) throws InterruptedException {
    try {
      return ask(method, target);
    } catch (IOException e) {
      throw new SettingsException(
          "no node answers at %s (%s); name its health port with --admin"
              .formatted(base, e.getClass().getSimpleName()));
    }
  }

  /**
   * As {@link #send}, for callers who can go on without a node.
   *
   * @throws java.net.ConnectException if nobody listens there
   */
  HttpResponse<String> ask(String method, String target) throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + target))
            .timeout(TIMEOUT)
            .method(method, HttpRequest.BodyPublishers.noBody());
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
  }
}
