package dev.weir.edge;

import dev.weir.http.ResponseHead;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.ResponseEntity;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;

/** What goes back to the client: an ordinary response, or after 101 a stream of raw bytes. */
public sealed interface EdgeResponse {
  ResponseHead head();

  /**
   * Head and body. Content-Length, Transfer-Encoding and Connection are written by the edge from
   * the entity; for HEAD and 304 a Content-Length in the head is sent as it stands. A body that
   * fails aborts the connection visibly.
   */
  record Full(ResponseHead head, ResponseEntity entity, boolean closeAfter)
      implements EdgeResponse {}

  record Switch(ResponseHead head, Flow<ByteString, ByteString, NotUsed> bytes)
      implements EdgeResponse {}
}
