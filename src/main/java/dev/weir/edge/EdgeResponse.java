package dev.weir.edge;

import dev.weir.http.ResponseHead;
import dev.weir.http.Trailers;
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
   *
   * @param trailers follow a body that goes out chunked: of unknown length, to an HTTP/1.1 client
   */
  record Full(ResponseHead head, ResponseEntity entity, boolean closeAfter, Trailers trailers)
      implements EdgeResponse {
    /** Without trailers. */
    public Full(ResponseHead head, ResponseEntity entity, boolean closeAfter) {
      this(head, entity, closeAfter, Trailers.NONE);
    }
  }

  record Switch(ResponseHead head, Flow<ByteString, ByteString, NotUsed> bytes)
      implements EdgeResponse {}
}
