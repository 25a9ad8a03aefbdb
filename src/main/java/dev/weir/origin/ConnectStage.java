package dev.weir.origin;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.BidiShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractGraphStageWithMaterializedValue;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * Opens a connection through a proxy before any byte of its user's goes out: sends CONNECT, waits
 * for the answer, and from then on passes bytes both ways as they are. Its value completes when the
 * proxy has agreed.
 */
final class ConnectStage
    extends AbstractGraphStageWithMaterializedValue<
        BidiShape<ByteString, ByteString, ByteString, ByteString>, CompletionStage<Done>> {
  /** Answers to CONNECT have a few fields; a page of explanation is not read. */
  private static final int MAX_HEAD_BYTES = 16 * 1024;

  private final Inlet<ByteString> fromUser = Inlet.create("Connect.fromUser");
  private final Outlet<ByteString> toProxy = Outlet.create("Connect.toProxy");
  private final Inlet<ByteString> fromProxy = Inlet.create("Connect.fromProxy");
  private final Outlet<ByteString> toUser = Outlet.create("Connect.toUser");
  private final BidiShape<ByteString, ByteString, ByteString, ByteString> shape =
      BidiShape.of(fromUser, toProxy, fromProxy, toUser);
  private final byte[] request;

  /**
   * @param request the head of the CONNECT request
   */
  ConnectStage(byte[] request) {
    this.request = request.clone();
  }

  @Override
  public BidiShape<ByteString, ByteString, ByteString, ByteString> shape() {
    return shape;
  }

  @Override
  public Attributes initialAttributes() {
    return Attributes.name("connect");
  }

  @Override
  public Pair<GraphStageLogic, CompletionStage<Done>> createLogicAndMaterializedValuePair(
      Attributes attributes) {
    CompletableFuture<Done> agreed = new CompletableFuture<>();
    return Pair.create(new Logic(agreed), agreed);
  }

  private final class Logic extends GraphStageLogic {
    private final CompletableFuture<Done> agreed;
    private ByteString answer = ByteString.emptyByteString();
    private boolean asked;
    private boolean open;

    Logic(CompletableFuture<Done> agreed) {
      super(shape);
      this.agreed = agreed;
      setHandler(fromUser, new FromUser());
      setHandler(toProxy, new ToProxy());
      setHandler(fromProxy, new FromProxy());
      setHandler(toUser, new ToUser());
    }

    @Override
    public void preStart() {
      pull(fromProxy);
    }

    @Override
    public void postStop() {
      agreed.completeExceptionally(failure("closed the connection without an answer"));
    }

    private final class FromUser extends AbstractInHandler {
      @Override
      public void onPush() {
        push(toProxy, grab(fromUser));
      }

      @Override
      public void onUpstreamFinish() {
        complete(toProxy);
      }
    }

    private final class ToProxy extends AbstractOutHandler {
      @Override
      public void onPull() {
        if (!asked) {
          asked = true;
          push(toProxy, ByteString.fromArrayUnsafe(request));
        } else if (open && !isClosed(fromUser) && !hasBeenPulled(fromUser)) {
          pull(fromUser);
        }
      }

      @Override
      public void onDownstreamFinish(Throwable cause) {
        cancel(fromUser, cause);
      }
    }

    private final class FromProxy extends AbstractInHandler {
      @Override
      public void onPush() {
        ByteString bytes = grab(fromProxy);
        if (open) {
          push(toUser, bytes);
        } else {
          answer = answer.concat(bytes);
          judge();
        }
      }

      @Override
      public void onUpstreamFinish() {
        if (open) {
          complete(toUser);
        } else {
          failStage(failure("closed the connection without an answer"));
        }
      }
    }

    private final class ToUser extends AbstractOutHandler {
      @Override
      public void onPull() {
        if (!open) {
          return;
        }
        if (!answer.isEmpty()) {
          push(toUser, answer);
          answer = ByteString.emptyByteString();
        } else if (!isClosed(fromProxy) && !hasBeenPulled(fromProxy)) {
          pull(fromProxy);
        }
      }

      @Override
      public void onDownstreamFinish(Throwable cause) {
        cancel(fromProxy, cause);
      }
    }

    private void judge() {
      String text = new String(answer.toArrayUnsafe(), StandardCharsets.ISO_8859_1);
      int end = text.indexOf("\r\n\r\n");
      if (end < 0) {
        if (text.length() > MAX_HEAD_BYTES) {
          failStage(failure("answered CONNECT with what is no HTTP"));
        } else {
          pull(fromProxy);
        }
        return;
      }
      boolean http = text.startsWith("HTTP/1.") && text.length() > 12 && text.charAt(8) == ' ';
      String status = http ? text.substring(9, 12) : "";
      if (status.startsWith("1")) {
        answer = answer.drop(end + 4);
        judge();
        return;
      }
      if (!status.startsWith("2")) {
        failStage(refused(status));
        return;
      }
      answer = answer.drop(end + 4);
      open = true;
      agreed.complete(Done.getInstance());
      if (isAvailable(toUser)) {
        if (answer.isEmpty()) {
          pull(fromProxy);
        } else {
          push(toUser, answer);
          answer = ByteString.emptyByteString();
        }
      }
      if (isAvailable(toProxy) && !isClosed(fromUser)) {
        pull(fromUser);
      }
    }

    private OriginFailure refused(String status) {
      OriginFailure failure =
          switch (status) {
            case "403" ->
                new OriginFailure(
                    OriginFailure.Kind.EGRESS_DENIED,
                    "The egress proxy does not let requests go there.",
                    null);
            case "407" -> failure("does not take our credentials (407)");
            default -> failure("answered CONNECT with " + (status.isEmpty() ? "no HTTP" : status));
          };
      agreed.completeExceptionally(failure);
      return failure;
    }
  }

  private static OriginFailure failure(String what) {
    return new OriginFailure(OriginFailure.Kind.CONNECT, "The egress proxy " + what + ".", null);
  }
}
