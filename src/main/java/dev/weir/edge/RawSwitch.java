package dev.weir.edge;

import java.util.List;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.impl.engine.server.UpgradeToOtherProtocolResponseHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.Connection;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;

/**
 * The response after which Pekko HTTP hands the connection's raw bytes over. The one place that
 * touches {@code UpgradeToOtherProtocolResponseHeader}, which is internal to Pekko HTTP 1.3: public
 * only in bytecode. It is honoured when the response carries a modelled {@code Connection:
 * upgrade}.
 */
final class RawSwitch {
  private RawSwitch() {}

  static HttpResponse to(Flow<ByteString, ByteString, NotUsed> bytes) {
    return HttpResponse.create()
        .withStatus(StatusCodes.SWITCHING_PROTOCOLS)
        .withHeaders(
            List.of(
                Connection.create("upgrade"),
                new UpgradeToOtherProtocolResponseHeader(cast(bytes))));
  }

  @SuppressWarnings("unchecked")
  private static org.apache.pekko.stream.scaladsl.Flow<ByteString, ByteString, Object> cast(
      Flow<ByteString, ByteString, NotUsed> bytes) {
    return (org.apache.pekko.stream.scaladsl.Flow<ByteString, ByteString, Object>)
        (org.apache.pekko.stream.scaladsl.Flow<?, ?, ?>) bytes.asScala();
  }
}
