package dev.weir.fill;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import dev.weir.origin.EgressVerdict;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginResponse;
import dev.weir.origin.Origins;
import java.util.List;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** An origin that answers as told, in order; the last answer is repeated. */
public final class TestOrigins implements Origins {
  private final Queue<Function<OriginRequest, CompletionStage<OriginResponse>>> answers =
      new ConcurrentLinkedQueue<>();
  private final List<OriginRequest> requests = new CopyOnWriteArrayList<>();

  public TestOrigins answer(Function<OriginRequest, CompletionStage<OriginResponse>> answer) {
    answers.add(answer);
    return this;
  }

  public TestOrigins answer(CompletionStage<OriginResponse> answer) {
    return answer(request -> answer);
  }

  public TestOrigins answer(OriginResponse answer) {
    return answer(CompletableFuture.completedStage(answer));
  }

  /** Forgets all answers and requests so far. */
  public void reset() {
    answers.clear();
    requests.clear();
  }

  public List<OriginRequest> requests() {
    return requests;
  }

  @Override
  public CompletionStage<OriginResponse> fetch(OriginRequest request) {
    requests.add(request);
    var answer = answers.size() > 1 ? answers.remove() : answers.element();
    return answer.apply(request);
  }

  @Override
  public CompletionStage<EgressVerdict> judge(String gate, Authority destination) {
    throw new UnsupportedOperationException();
  }

  public static OriginResponse response(
      int status, Headers headers, Source<ByteString, ?> body, OptionalLong length) {
    return new OriginResponse(
        new ResponseHead(status, "", headers),
        body,
        length,
        false,
        CompletableFuture.completedStage(Headers.EMPTY));
  }

  public static OriginResponse ok(Headers headers, byte[] body) {
    return response(200, headers, pieces(body, 16 * 1024), OptionalLong.of(body.length));
  }

  /** A body in pieces of that size. */
  public static Source<ByteString, NotUsed> pieces(byte[] body, int size) {
    int count = (body.length + size - 1) / size;
    return Source.range(0, Math.max(0, count - 1))
        .take(count)
        .map(i -> ByteString.fromArray(body, i * size, Math.min(size, body.length - i * size)))
        .mapMaterializedValue(ignored -> NotUsed.getInstance());
  }

  /** The first bytes, then a broken connection. */
  public static Source<ByteString, NotUsed> cutAfter(byte[] body, int bytes) {
    byte[] first = java.util.Arrays.copyOf(body, bytes);
    OriginFailure cut =
        new OriginFailure(OriginFailure.Kind.TRUNCATED, "The body was cut short", null);
    int size = 16 * 1024;
    int count = (first.length + size - 1) / size;
    // Raised in its turn: a failure of a source behind would overtake the bytes before it.
    return Source.range(0, count)
        .map(
            i ->
                i == count
                    ? fail(cut)
                    : ByteString.fromArray(
                        first, i * size, Math.min(size, first.length - i * size)))
        .mapMaterializedValue(ignored -> NotUsed.getInstance());
  }

  private static ByteString fail(OriginFailure failure) {
    throw failure;
  }

  @Override
  public CompletionStage<Upgraded> upgrade(OriginRequest request) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletionStage<Flow<ByteString, ByteString, NotUsed>> tunnel(Authority destination) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletionStage<Boolean> warm(String scheme, Authority destination) {
    throw new UnsupportedOperationException();
  }
}
