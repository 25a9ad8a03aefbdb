package dev.weir.exchange;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginResponse;
import dev.weir.origin.Origins;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.javadsl.StreamConverters;
import org.apache.pekko.util.ByteString;

/** One blocking connection per request. */
final class FakeOrigins implements Origins {
  private final Materializer materializer;

  FakeOrigins(Materializer materializer) {
    this.materializer = materializer;
  }

  @Override
  public CompletionStage<OriginResponse> fetch(OriginRequest request) {
    CompletableFuture<OriginResponse> response = new CompletableFuture<>();
    CompletionStage<ByteString> body =
        request.body() == null
            ? CompletableFuture.completedFuture(ByteString.emptyByteString())
            : request
                .body()
                .runWith(Sink.fold(ByteString.emptyByteString(), ByteString::concat), materializer);
    body.whenComplete(
        (bytes, failed) ->
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        response.complete(exchange(request, bytes));
                      } catch (ConnectException e) {
                        fail(response, OriginFailure.Kind.CONNECT, "The origin refused.");
                      } catch (SocketTimeoutException e) {
                        fail(response, OriginFailure.Kind.HEAD_TIMEOUT, "The origin is silent.");
                      } catch (IOException e) {
                        fail(response, OriginFailure.Kind.CLOSED, "The origin hung up.");
                      }
                    }));
    return response;
  }

  private static void fail(
      CompletableFuture<OriginResponse> response, OriginFailure.Kind kind, String text) {
    response.completeExceptionally(new OriginFailure(kind, text, null));
  }

  private static OriginResponse exchange(OriginRequest request, ByteString body)
      throws IOException {
    Authority authority = request.head().authority();
    Socket socket = new Socket(authority.host(), authority.port());
    socket.setSoTimeout((int) request.timeouts().readMillis());
    OutputStream out = socket.getOutputStream();
    StringBuilder head = new StringBuilder();
    head.append(request.head().method() + " " + request.head().target() + " HTTP/1.1\r\n");
    head.append("Host: " + authority.text("http") + "\r\n");
    if (!body.isEmpty()) {
      head.append("Content-Length: " + body.size() + "\r\n");
    }
    request
        .head()
        .headers()
        .without("Host")
        .without("Content-Length")
        .without("Expect")
        .forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
    out.write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    out.write(body.toArray());
    out.flush();
    InputStream in = new BufferedInputStream(socket.getInputStream());
    String first = line(in);
    Headers.Builder fields = Headers.builder();
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      fields.add(
          line.substring(0, line.indexOf(':')), line.substring(line.indexOf(':') + 1).strip());
    }
    int status = Integer.parseInt(first.substring(9, 12));
    ResponseHead answer = new ResponseHead(status, first.substring(13), fields.build());
    String length = answer.headers().first("Content-Length");
    boolean none = request.head().isHead() || status == 304 || status == 204;
    long bytes = none ? 0 : length == null ? -1 : Long.parseLong(length);
    boolean chunked = !none && answer.headers().has("Transfer-Encoding");
    Source<ByteString, ?> source =
        none
            ? Source.empty()
            : StreamConverters.fromInputStream(
                () ->
                    new Body(
                        in, socket, chunked ? 0 : bytes < 0 ? Long.MAX_VALUE : bytes, chunked));
    return new OriginResponse(
        answer,
        source.mapError(
            IOException.class,
            e -> new OriginFailure(OriginFailure.Kind.TRUNCATED, "The body was cut.", e)),
        bytes < 0 ? OptionalLong.empty() : OptionalLong.of(bytes),
        !none && bytes < 0 && !chunked,
        new CompletableFuture<>());
  }

  private static String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int octet = in.read(); octet != '\n'; octet = in.read()) {
      if (octet < 0) {
        throw new IOException("closed");
      }
      if (octet != '\r') {
        line.write(octet);
      }
    }
    return line.toString(StandardCharsets.ISO_8859_1);
  }

  /** Ends where the framing says; fails where the connection ends before. */
  private static final class Body extends InputStream {
    private final InputStream in;
    private final Socket socket;
    private final boolean chunked;
    private long left;
    private boolean ended;
    private boolean begun;

    Body(InputStream in, Socket socket, long left, boolean chunked) {
      this.in = in;
      this.socket = socket;
      this.left = left;
      this.chunked = chunked;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 255;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      if (left == 0 && chunked && !ended) {
        if (begun) {
          line(in);
        }
        begun = true;
        left = Long.parseLong(line(in), 16);
        ended = left == 0;
      }
      if (left == 0) {
        return -1;
      }
      int read = in.read(into, offset, (int) Math.min(length, left));
      if (read < 0 && left != Long.MAX_VALUE) {
        throw new IOException("cut");
      }
      left -= Math.max(0, left == Long.MAX_VALUE ? 0 : read);
      return read;
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @Override
  public CompletionStage<Upgraded> upgrade(OriginRequest request) {
    return fetch(request).thenApply(Upgraded.Refused::new);
  }

  @Override
  public CompletionStage<Flow<ByteString, ByteString, NotUsed>> tunnel(Authority destination) {
    return CompletableFuture.failedFuture(new UnsupportedOperationException());
  }

  @Override
  public CompletionStage<Boolean> warm(String scheme, Authority destination) {
    return CompletableFuture.completedFuture(false);
  }
}
