package dev.weir.store;

import dev.weir.store.Bodies.OpenBody;
import dev.weir.store.Bodies.Piece;
import java.util.List;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** A body in one buffer; nothing to release. */
record StrictBody(ByteString all) implements OpenBody {
  @Override
  public long length() {
    return all.length();
  }

  @Override
  public ByteString strict() {
    return all;
  }

  @Override
  public Source<ByteString, NotUsed> bytes(long from, long to) {
    HeldStretch.requireSpan(from, to, all.length());
    return from == to ? Source.empty() : Source.single(all.slice((int) from, (int) to));
  }

  @Override
  public Source<ByteString, NotUsed> woven(List<Piece> pieces) {
    ByteString out = ByteString.emptyByteString();
    for (Piece piece : pieces) {
      out =
          switch (piece) {
            case Piece.Given(ByteString bytes) -> out.concat(bytes);
            case Piece.Stretch(long from, long to) -> {
              HeldStretch.requireSpan(from, to, all.length());
              yield out.concat(all.slice((int) from, (int) to));
            }
          };
    }
    return Source.single(out);
  }

  @Override
  public void release() {}
}
