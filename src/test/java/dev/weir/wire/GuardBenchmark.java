package dev.weir.wire;

import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.util.ByteString;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What the guards cost per head; a typical request head of about 400 bytes. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class GuardBenchmark {
  private static final String REQUEST =
      "GET /simple/requests/requests-2.32.3-py3-none-any.whl?sig=abc%2Fdef HTTP/1.1\r\n"
          + "Host: files.pythonhosted.org\r\n"
          + "User-Agent: pip/24.2"
          + " {\"ci\":true,\"cpu\":\"x86_64\",\"distro\":{\"name\":\"Debian\"}}\r\n"
          + "Accept-Encoding: identity\r\n"
          + "Accept: application/vnd.pypi.simple.v1+json, text/html; q=0.1\r\n"
          + "Cache-Control: max-age=0\r\n"
          + "If-None-Match: \"3fe9a2b7c1d0\"\r\n"
          + "Connection: keep-alive\r\n"
          + "X-Request-Id: 5c2b7b8e-0f0e-4b4c-9b1c-3f2f5d0a7f11\r\n"
          + "\r\n";

  private final GuardSettings settings = GuardedServer.settings();
  private final HeadParser parser = new HeadParser(settings);
  private final HeadScanner scanner = HeadScanner.ofRequests(settings);
  private final byte[] request = REQUEST.getBytes(StandardCharsets.ISO_8859_1);
  private final Headers fields =
      Headers.of(
          "Content-Type", "application/octet-stream",
          "ETag", "\"3fe9a2b7c1d0\"",
          "Last-Modified", "Wed, 29 May 2024 15:37:49 GMT",
          "Cache-Control", "max-age=365000000, immutable, public",
          "Accept-Ranges", "bytes",
          "Age", "1234",
          "Cache-Status", "weir; hit; ttl=31535999",
          "Via", "1.1 weir");
  private final byte[] block = HeadWriter.render(fields);
  private final RequestChannel channel = new RequestChannel();
  private final RequestFacts facts = parser.request(request, 0, request.length, "https", null);
  private final ResponseHead head = new ResponseHead(200, "OK", fields);
  private final ResponseHead bare =
      new ResponseHead(200, "OK", Headers.of("Age", "1234", "X-Request-ID", "0123456789abcdef"));
  private final byte[] rendered =
      "HTTP/1.1 200 OK\r\nDate: Wed, 29 May 2024 15:37:49 GMT\r\nContent-Type: text/plain\r\nContent-Length: 1024\r\n\r\n"
          .getBytes(StandardCharsets.ISO_8859_1);
  private final ByteString body = ByteString.fromArray(new byte[1024]);

  @Benchmark
  public RequestFacts scanAndParseRequest() {
    scanner.reset();
    int length = scanner.find(request, 0, request.length);
    return parser.request(request, 0, length, "https", null);
  }

  @Benchmark
  public ByteString canonicalRequest() {
    return CanonicalHead.request(facts, 17, false).toByteString();
  }

  @Benchmark
  public ByteString respondFromFields() {
    return respond(head, null);
  }

  @Benchmark
  public ByteString respondFromBlock() {
    return respond(bare, block);
  }

  private ByteString respond(ResponseHead answer, byte[] lines) {
    RequestChannel.Exchange exchange = channel.open(facts);
    if (lines == null) {
      exchange.respond(answer);
    } else {
      exchange.respond(answer, lines);
    }
    ServerAnswer real = ServerAnswer.of(exchange, PekkoHead.response(rendered), false);
    return real.render(rendered, body.size()).append(body).toByteString();
  }
}
