package dev.weir.testing;

import dev.weir.http.Headers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The real curl, through a proxy. */
public final class Curl {
  private final List<String> options;

  /** With options that hold for every request; without the user's own settings. */
  public Curl(String proxyUrl, String... options) {
    this.options =
        new ArrayList<>(
            List.of("curl", "-q", "-sS", "--path-as-is", "--max-time", "60", "-x", proxyUrl));
    this.options.addAll(List.of("--noproxy", "", "--suppress-connect-headers", "-i"));
    this.options.addAll(List.of(options));
  }

  /** The response; a failure of curl's is an exception with its sentence. */
  public ProxyClient.Response fetch(String url, String... more)
      throws IOException, InterruptedException {
    Command.Ended ended = run(url, more);
    if (ended.exitCode() != 0) {
      throw new IOException("curl ended with " + ended.exitCode() + ": " + ended.err());
    }
    return parse(ended.out());
  }

  /** As fetch, however it ends. */
  public Command.Ended run(String url, String... more) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(options);
    words.addAll(List.of(more));
    words.add(url);
    return Command.of(words).run();
  }

  private static ProxyClient.Response parse(String message) throws IOException {
    int end = message.indexOf("\r\n\r\n");
    if (end < 0) {
      throw new IOException("no head: " + message);
    }
    int status = Integer.parseInt(message.substring(9, 12));
    if (status < 200 && status != 101) {
      return parse(message.substring(end + 4));
    }
    Headers.Builder fields = Headers.builder();
    message
        .substring(0, end)
        .lines()
        .skip(1)
        .forEach(
            line -> {
              int colon = line.indexOf(':');
              fields.add(line.substring(0, colon), line.substring(colon + 1).strip());
            });
    byte[] body = message.substring(end + 4).getBytes(StandardCharsets.ISO_8859_1);
    return new ProxyClient.Response(status, fields.build(), body);
  }
}
