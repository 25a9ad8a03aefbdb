package dev.weir.exchange;

import dev.weir.edge.EdgeResponse;
import dev.weir.fill.Fill;
import dev.weir.fill.FillHead;
import dev.weir.fill.FillIntent;
import dev.weir.fill.Unstored;
import dev.weir.http.Conditional;
import dev.weir.http.Headers;
import dev.weir.http.HopByHop;
import dev.weir.http.ResponseHead;
import dev.weir.http.StoredResponse;
import dev.weir.http.Trailers;
import dev.weir.log.ServeReason;
import dev.weir.respond.Multipart;
import dev.weir.respond.Problem;
import dev.weir.respond.Reply;
import dev.weir.store.Bodies;
import java.util.OptionalLong;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** Answers from a running fill: whole as it arrives, one range of it, or its head alone. */
final class FillAnswers {
  private final Answers answers;
  private final Materializer materializer;
  private final int maxRanges;

  FillAnswers(Answers answers, Materializer materializer, int maxRanges) {
    this.answers = answers;
    this.materializer = materializer;
    this.maxRanges = maxRanges;
  }

  /**
   * @param leader the id of the request that leads, or null if this one does
   */
  EdgeResponse answer(
      Exchange x,
      Fill fill,
      FillHead.Streaming streaming,
      Fill.Interest interest,
      Want want,
      @Nullable String leader) {
    StoredResponse shown = shown(streaming, leader == null);
    Told told = told(x, streaming, want, leader);
    boolean relay = streaming.intent() instanceof FillIntent.Relay;
    OptionalLong known = relay ? OptionalLong.empty() : streaming.length();
    Reply reply = Choosing.reply(x, shown, known, maxRanges, fill::trailers);
    boolean empty = streaming.length().orElse(-1) == 0 || shown.status() == 204;
    return switch (reply) {
      case Reply.NotModified ignored -> {
        drain(fill, interest, relay);
        Headers fields = Conditional.notModifiedFields(shown.headers());
        yield answers.bodiless(x, new ResponseHead(304, "", fields), told);
      }
      case Reply.PreconditionFailed ignored -> {
        drain(fill, interest, relay);
        Problem problem = new Problem(412, "precondition", "The response does not match.");
        yield answers.problem(x, problem, told);
      }
      case Reply.Unsatisfiable range -> {
        interest.close();
        yield answers.strict(x, Hits.unsatisfiable(range), Hits.NOTHING, told);
      }
      case Reply.Whole ignored when x.head.isHead() || empty -> {
        drain(fill, interest, relay);
        yield answers.bodiless(x, sized(x, shown, streaming.length()), told);
      }
      case Reply.Whole ignored ->
          answers.streamed(
              x,
              new ResponseHead(shown.status(), shown.reason(), shown.headers()),
              streaming.length(),
              fill.read(0, Long.MAX_VALUE),
              Trailers.ofResponse(x.head.headers(), streaming.head().headers(), fill::trailers),
              interest::close,
              told);
      case Reply.Part part ->
          answers.streamed(
              x,
              Hits.head(shown, part, shown.headers()),
              OptionalLong.of(part.range().length()),
              fill.read(part.range().first(), part.range().last() + 1),
              interest::close,
              told);
      case Reply.Parts parts -> {
        Multipart multipart = Hits.multipart(parts, shown.headers());
        yield answers.streamed(
            x,
            Hits.head(multipart, shown.headers()),
            OptionalLong.of(multipart.length()),
            Source.from(Hits.pieces(multipart)).flatMapConcat(piece -> source(fill, piece)),
            interest::close,
            told);
      }
    };
  }

  private static Source<ByteString, NotUsed> source(Fill fill, Bodies.Piece piece) {
    return switch (piece) {
      case Bodies.Piece.Given(ByteString bytes) -> Source.single(bytes);
      case Bodies.Piece.Stretch(long from, long to) -> fill.read(from, to);
    };
  }

  /**
   * A relayed response has no reader but this one: what is not wanted of it must still be let go.
   */
  private void drain(Fill fill, Fill.Interest interest, boolean relay) {
    if (relay) {
      fill.read(0, Long.MAX_VALUE).runWith(Sink.cancelled(), materializer);
    }
    interest.close();
  }

  private static ResponseHead sized(Exchange x, StoredResponse shown, OptionalLong length) {
    ResponseHead head = new ResponseHead(shown.status(), shown.reason(), shown.headers());
    return x.head.isHead() && length.isPresent()
        ? head.withHeaders(
            shown.headers().plus("Content-Length", Long.toString(length.getAsLong())))
        : head;
  }

  /**
   * The response as this client sees it: end-to-end fields, the length left to the framing. Fields
   * that must not be stored ({@code private="…"}) are for the client that asked for them alone.
   */
  private static StoredResponse shown(FillHead.Streaming streaming, boolean leads) {
    if (!leads && streaming.intent() instanceof FillIntent.Store store) {
      return store.response();
    }
    ResponseHead head = streaming.head();
    Headers fields = HopByHop.strip(head.headers()).without("Content-Length");
    // An error is one answer to all who have asked, but the session it begins is one client's.
    boolean sharedError = !leads && head.status() >= 400;
    return new StoredResponse(
        head.status(),
        head.reason(),
        sharedError ? fields.without("Set-Cookie") : fields,
        "GET",
        streaming.requestTimeMillis(),
        streaming.responseTimeMillis());
  }

  private static Told told(
      Exchange x, FillHead.Streaming streaming, Want want, @Nullable String leader) {
    String note =
        switch (streaming.intent()) {
          case FillIntent.Share(Unstored reason) -> reason.label();
          case FillIntent.Relay(Unstored reason) -> reason.label();
          case FillIntent.Store ignored -> "";
          case FillIntent.StorePart ignored -> "";
          case FillIntent.Refresh ignored -> "";
        };
    ServeReason reason = leader == null ? leading(x, streaming, want) : ServeReason.COLLAPSED;
    Told told = Told.forward(reason, want.why(), note);
    told =
        told.with(
            told.status()
                .withForwardedStatus(streaming.head().status())
                .withStored(
                    streaming.intent() instanceof FillIntent.Store
                        || streaming.intent() instanceof FillIntent.StorePart));
    return leader == null ? told : told.collapsedInto(leader);
  }

  private static ServeReason leading(Exchange x, FillHead.Streaming streaming, Want want) {
    boolean changed = want.conditional() && streaming.head().status() < 400;
    return changed && want.reason() == ServeReason.HIT_REVALIDATED
        ? ServeReason.MISS_CHANGED
        : x.bodyLost && want.reason() == ServeReason.MISS
            ? ServeReason.MISS_DAMAGED
            : want.reason();
  }
}
