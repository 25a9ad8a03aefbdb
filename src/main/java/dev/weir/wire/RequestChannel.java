package dev.weir.wire;

import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.http.Trailers;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.apache.pekko.Done;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * What goes round Pekko HTTP on one client connection: true request heads towards the handler, true
 * response heads back. It has a single slot, because {@link RequestGuard} lets one request in at a
 * time.
 *
 * <p>Make one per connection, give it to that connection's guard, and call {@link #current} when
 * Pekko hands over a request. All methods may be called on any thread.
 */
public final class RequestChannel {
  private volatile @Nullable Exchange current;
  private volatile @Nullable BiConsumer<Exchange, ByteString> interimSink;
  private final AtomicReference<@Nullable Runnable> drainSink = new AtomicReference<>();
  private volatile boolean draining;

  /** The exchange whose request Pekko has handed over; valid until its response is written. */
  public Exchange current() {
    Exchange exchange = current;
    if (exchange == null) {
      throw new IllegalStateException("no request has been let in");
    }
    return exchange;
  }

  /**
   * Lets the connection end with the next response, which says {@code Connection: close} if its
   * head is not out yet. An idle connection stays: closing it might cross a request on its way.
   */
  public void lastCall() {
    draining = true;
  }

  /**
   * Lets the connection end: a running response says {@code Connection: close} if its head is not
   * out yet, and an idle connection completes at once.
   */
  public void drain() {
    draining = true;
    Runnable sink = drainSink.get();
    if (sink != null) {
      sink.run();
    }
  }

  boolean draining() {
    return draining;
  }

  void attach(BiConsumer<Exchange, ByteString> interim, Runnable drain) {
    interimSink = interim;
    drainSink.set(drain);
  }

  Exchange open(RequestFacts facts) {
    Exchange exchange = new Exchange(facts);
    current = exchange;
    return exchange;
  }

  void close() {
    current = null;
  }

  /** One request and its response. */
  public final class Exchange {
    private final RequestFacts facts;
    private final CompletableFuture<Done> gone = new CompletableFuture<>();
    private volatile @Nullable Answer answer;
    private volatile boolean closeAfter;
    private volatile boolean hinted;
    private volatile Trailers trailers = Trailers.NONE;
    private volatile Headers requestTrailers = Headers.EMPTY;

    private Exchange(RequestFacts facts) {
      this.facts = facts;
    }

    public RequestHead head() {
      return facts.head();
    }

    /** Framing and connection facts of the request. */
    public RequestFacts facts() {
      return facts;
    }

    /**
     * Whether the connection may become a byte tunnel: the request is a CONNECT or a valid Upgrade.
     * Answer it with a 101 that switches protocols in Pekko; the head that goes out is the one
     * given to {@link #respond}.
     */
    public boolean maySwitch() {
      return facts.upgrade() != null || facts.isConnect();
    }

    /**
     * Completes when the client has closed its side, or the connection is lost, before the response
     * was written. Dependents run on the connection's thread: they must not block.
     */
    public CompletionStage<Done> gone() {
      return gone.minimalCompletionStage();
    }

    /** Sends a 1xx response (never 100 or 101) if the final head is not out yet. */
    public void interim(ResponseHead head) {
      if (head.status() < 102 || head.status() > 199) {
        throw new IllegalArgumentException("not an interim status: " + head.status());
      }
      BiConsumer<Exchange, ByteString> sink = interimSink;
      if (sink != null && !facts.http10()) {
        hinted = true;
        HeadWriter writer = new HeadWriter(256).statusLine(head.status(), head.reason());
        sink.accept(this, writer.responseFields(head.headers()).crlf().toByteString());
      }
    }

    /**
     * Whether a 1xx response is on its way to the connection. The final one must then take the same
     * way, through the connection's queue, or it overtakes it.
     */
    public boolean isHinted() {
      return hinted;
    }

    /**
     * Puts the head that goes out in place of the one Pekko renders; must be called before Pekko is
     * given its response. Content-Length, Transfer-Encoding and Connection are Pekko's, except that
     * for HEAD and 304 a Content-Length here is sent as it stands.
     */
    public void respond(ResponseHead head) {
      respond(head, new byte[0]);
    }

    /**
     * The same with further field lines from {@link HeadWriter#render}.
     *
     * @param block whole lines, each with CRLF, none of them about framing
     */
    public void respond(ResponseHead head, byte[] block) {
      Headers fields = head.headers();
      HeadWriter writer = new HeadWriter(block.length + 64 * fields.size() + 128);
      writer.statusLine(head.status(), head.reason()).block(block).responseFields(fields);
      answer = new Answer(head.status(), writer.toByteString(), fields.first("Content-Length"));
    }

    /**
     * What follows the body if it goes out chunked; must be called before Pekko is given its
     * response.
     */
    public void trail(Trailers behind) {
      trailers = behind;
    }

    /** The request's trailer section; empty until its body has ended. */
    public Headers requestTrailers() {
      return requestTrailers;
    }

    /** Ends the connection after this response, which says {@code Connection: close}. */
    public void closeAfterThis() {
      closeAfter = true;
    }

    @Nullable Answer answer() {
      return answer;
    }

    Trailers trailers() {
      return trailers;
    }

    void requestEnded(Headers section) {
      requestTrailers = section;
    }

    boolean closeAfter() {
      return closeAfter;
    }

    void clientGone() {
      gone.complete(Done.getInstance());
    }
  }

  /**
   * A rendered head without framing and without the empty line.
   *
   * @param contentLength what HEAD and 304 tell of the body they don't have
   */
  record Answer(int status, ByteString lines, @Nullable String contentLength) {}
}
