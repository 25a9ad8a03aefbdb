package dev.weir.wire;

import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.http.Trailers;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.pekko.Done;
import org.jspecify.annotations.Nullable;

/**
 * What goes round Pekko HTTP on one connection to an origin: the true request head there, the true
 * response head back. One exchange at a time.
 *
 * <p>Make one per connection and give it to that connection's {@link ResponseGuard}. For each
 * request call {@link #begin}, then send Pekko a minimal request: GET, HEAD (exactly if the true
 * method is HEAD and there is no body) or POST (with a body, or for a Content-Length of 0), with
 * the entity and, if wanted, {@code Expect: 100-continue}. When Pekko's response arrives, the true
 * head is in the exchange. All methods may be called on any thread.
 */
public final class OriginChannel {
  private final AtomicReference<@Nullable Exchange> next = new AtomicReference<>();
  private volatile boolean reusable = true;

  /**
   * Says what the next minimal request stands for.
   *
   * @param head method, raw target and fields as they are to be sent, Host, Connection and Upgrade
   *     included; Content-Length, Transfer-Encoding and Expect come from Pekko's request
   * @param mayTunnel 101 (or 2xx to CONNECT) turns the connection into a tunnel: the body of
   *     Pekko's request, which must be chunked, is held back until then and sent as plain bytes,
   *     and the origin's bytes are the response body
   * @param trailers sent behind a chunked body, announced ahead of it
   * @param interim is given 1xx responses (never 100 or 101); called on the connection's thread
   * @throws IllegalStateException if another exchange is under way
   */
  public Exchange begin(
      RequestHead head, boolean mayTunnel, Trailers trailers, Consumer<ResponseHead> interim) {
    Exchange exchange = new Exchange(head, mayTunnel, trailers, interim);
    if (!reusable || !next.compareAndSet(null, exchange)) {
      throw new IllegalStateException("the connection is in use or at its end");
    }
    return exchange;
  }

  /** The same for a request that does not switch and has no trailers. */
  public Exchange begin(RequestHead head, Consumer<ResponseHead> interim) {
    return begin(head, false, Trailers.NONE, interim);
  }

  /**
   * Whether another request may be sent: the last exchange, if any, ended cleanly on both sides and
   * nothing has arrived since. False while one is under way.
   */
  public boolean reusable() {
    return reusable && next.get() == null;
  }

  void reusable(boolean now) {
    reusable = now;
  }

  @Nullable Exchange take() {
    return next.getAndSet(null);
  }

  /** One request and its response. */
  public static final class Exchange {
    private final RequestHead request;
    private final boolean mayTunnel;
    private final Trailers sentTrailers;
    private final Consumer<ResponseHead> interim;
    private final CompletableFuture<Headers> trailers = new CompletableFuture<>();
    private final CompletableFuture<Done> goAhead = new CompletableFuture<>();
    private volatile @Nullable ResponseFacts facts;
    private volatile boolean switched;

    private Exchange(
        RequestHead request,
        boolean mayTunnel,
        Trailers sentTrailers,
        Consumer<ResponseHead> interim) {
      this.request = request;
      this.mayTunnel = mayTunnel;
      this.sentTrailers = sentTrailers;
      this.interim = interim;
    }

    /**
     * The true response head, framing fields included (an unknown transfer coding is not).
     *
     * @throws IllegalStateException before Pekko's response has arrived
     */
    public ResponseHead response() {
      return facts().head();
    }

    /** The body ends with the connection. */
    public boolean closeDelimited() {
      return facts().framing() instanceof BodyFraming.UntilClose;
    }

    /** The body's length in bytes if the head tells it; 0 if there is no body. */
    public OptionalLong bodyLength() {
      return switch (facts().framing()) {
        case BodyFraming.None none -> OptionalLong.of(0);
        case BodyFraming.Length length -> OptionalLong.of(length.bytes());
        case BodyFraming.Chunked chunked -> OptionalLong.empty();
        case BodyFraming.UntilClose close -> OptionalLong.empty();
      };
    }

    /**
     * Completes when a body that waits for 100 is wanted, or has waited long enough; never, if the
     * origin refuses it. Such a body must not be pulled before: Pekko does not send it earlier, but
     * would read ahead.
     */
    public CompletionStage<Done> goAhead() {
      return goAhead.minimalCompletionStage();
    }

    /** The connection has become a tunnel. */
    public boolean switched() {
      return switched;
    }

    /** The trailer section, once the body has ended; fails if it did not end well. */
    public CompletionStage<Headers> trailers() {
      return trailers.minimalCompletionStage();
    }

    private ResponseFacts facts() {
      ResponseFacts known = facts;
      if (known == null) {
        throw new IllegalStateException("no response head has arrived");
      }
      return known;
    }

    RequestHead request() {
      return request;
    }

    boolean mayTunnel() {
      return mayTunnel;
    }

    Trailers sentTrailers() {
      return sentTrailers;
    }

    void sayGoAhead() {
      goAhead.complete(Done.getInstance());
    }

    void interim(ResponseHead head) {
      interim.accept(head);
    }

    void arrived(ResponseFacts known, boolean asTunnel) {
      switched = asTunnel;
      facts = known;
    }

    void ended(Headers section) {
      trailers.complete(section);
    }

    void failed(Throwable cause) {
      trailers.completeExceptionally(cause);
    }
  }
}
