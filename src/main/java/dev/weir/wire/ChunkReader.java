package dev.weir.wire;

import dev.weir.http.Headers;
import dev.weir.wire.GuardViolation.Reason;
import java.io.ByteArrayOutputStream;

/**
 * Reads the chunked transfer coding strictly (RFC 9112 7.1): sizes of 1 to 15 hexadecimal digits,
 * CRLF only, extensions read over, the trailer section checked like a head. Works on whatever
 * octets are there, iteratively.
 *
 * <p>Each {@link #next} consumes octets up to {@link #position}: {@code DATA} gives a span of body
 * octets, {@code MORE} wants more octets, {@code END} is the end of the body.
 */
final class ChunkReader {
  enum Event {
    MORE,
    DATA,
    END
  }

  private enum State {
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER,
    DONE
  }

  private static final int MAX_SIZE_DIGITS = 15;

  private final HeadParser parser;
  private final int maxLineBytes;
  private final int maxExtensionBytes;
  private final int maxTrailerBytes;

  private State state = State.SIZE;
  private long remaining;
  private int digits;
  private int lineBytes;
  private int extensionBytes;
  private int trailerLineBytes;
  private byte trailerLast;
  private final ByteArrayOutputStream trailer = new ByteArrayOutputStream(0);
  private Headers trailers = Headers.EMPTY;

  private int position;
  private int dataStart;

  ChunkReader(HeadParser parser, GuardSettings settings) {
    this.parser = parser;
    this.maxLineBytes = settings.maxChunkLineBytes();
    this.maxExtensionBytes = settings.maxChunkExtensionBytes();
    this.maxTrailerBytes = settings.maxTrailerBytes();
  }

  /** Up to where octets have been consumed. */
  int position() {
    return position;
  }

  /** Where the span of the last {@code DATA} starts; it ends at {@link #position}. */
  int dataStart() {
    return dataStart;
  }

  /** The trailer section; known after {@code END}. */
  Headers trailers() {
    return trailers;
  }

  Event next(byte[] octets, int from, int to) {
    int i = from;
    while (i < to) {
      if (state == State.DATA) {
        int count = (int) Math.min(remaining, to - i);
        remaining -= count;
        dataStart = i;
        position = i + count;
        state = remaining == 0 ? State.DATA_CR : State.DATA;
        return Event.DATA;
      }
      if (step(octets[i++])) {
        position = i;
        return Event.END;
      }
    }
    position = i;
    return state == State.DONE ? Event.END : Event.MORE;
  }

  /** One octet outside data; true at the end of the body. */
  private boolean step(byte octet) {
    switch (state) {
      case SIZE -> size(octet);
      case EXTENSION -> extension(octet);
      case SIZE_LF -> {
        expect(octet, '\n', Reason.BAD_CHUNK_SIZE);
        state = remaining == 0 ? State.TRAILER : State.DATA;
        digits = 0;
        lineBytes = 0;
      }
      case DATA_CR -> {
        expect(octet, '\r', Reason.BAD_CHUNK_END);
        state = State.DATA_LF;
      }
      case DATA_LF -> {
        expect(octet, '\n', Reason.BAD_CHUNK_END);
        state = State.SIZE;
      }
      case TRAILER -> {
        return trailer(octet);
      }
      case DATA, DONE -> throw new IllegalStateException(state.name());
    }
    return false;
  }

  private void size(byte octet) {
    int value = octet < 0 ? -1 : Octets.hexValue(octet);
    if (value >= 0) {
      if (++digits > MAX_SIZE_DIGITS) {
        throw new GuardViolation(Reason.BAD_CHUNK_SIZE);
      }
      remaining = remaining << 4 | value;
      return;
    }
    if (digits == 0) {
      throw new GuardViolation(Reason.BAD_CHUNK_SIZE);
    }
    if (octet == ';') {
      state = State.EXTENSION;
    } else {
      expect(octet, '\r', Reason.BAD_CHUNK_SIZE);
      state = State.SIZE_LF;
    }
  }

  private void extension(byte octet) {
    if (octet == '\r') {
      state = State.SIZE_LF;
      return;
    }
    boolean tooLong = ++lineBytes > maxLineBytes || ++extensionBytes > maxExtensionBytes;
    if (tooLong || octet < 0 || !Octets.VALUE[octet]) {
      throw new GuardViolation(Reason.BAD_CHUNK_EXTENSION);
    }
  }

  private boolean trailer(byte octet) {
    trailer.write(octet);
    if (trailer.size() > maxTrailerBytes) {
      throw new GuardViolation(Reason.BAD_TRAILER);
    }
    trailerLineBytes++;
    byte before = trailerLast;
    trailerLast = octet;
    if (octet != '\n') {
      return false;
    }
    boolean empty = trailerLineBytes == 2;
    trailerLineBytes = 0;
    if (before != '\r') {
      throw new GuardViolation(Reason.BAD_TRAILER);
    }
    if (!empty) {
      return false;
    }
    state = State.DONE;
    byte[] section = trailer.toByteArray();
    trailers = section.length == 2 ? Headers.EMPTY : parser.trailers(section, 0, section.length);
    return true;
  }

  private static void expect(byte octet, char wanted, Reason otherwise) {
    if (octet != wanted) {
      throw new GuardViolation(otherwise);
    }
  }
}
