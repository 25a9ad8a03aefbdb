package dev.weir.fill;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Manifest;
import dev.weir.store.ChunkReader;
import dev.weir.store.FaultPoints;
import dev.weir.store.ManifestCodec;
import dev.weir.store.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the bytes of one fill are while it runs: the newest in a window of memory, the others in
 * chunk files, written behind and hashed while written.
 *
 * <pre>
 *   origin ──append──▶ [ window, newest bytes ]──take──▶ readers near the head
 *                            │ drain (blocking executor, hashes)
 *                            ▼
 *                      chunk files ──adopt──▶ chunks ──load──▶ readers behind
 *
 *   MEMORY ──more than short-body-bytes──▶ FILES ──disk full, too large──▶ WINDOW
 * </pre>
 *
 * <ul>
 *   <li>The origin is stopped while half the window is not yet on disk: memory is bounded by the
 *       window, whatever the speeds of origin, disk and readers.
 *   <li>A reader takes what it asks for at its own pace; it is never waited for, except in WINDOW,
 *       where there is no disk behind and the slowest that has sent something sets the pace.
 *   <li>Where several connections bring a body, each writes the chunks that the grid gave it; what
 *       comes in order by the first stream goes through the window as ever.
 *   <li>Pins and files are let go exactly once, by {@link #release}, as soon as no write or
 *       adoption is under way.
 * </ul>
 *
 * All fields below the lock are guarded by it; wake-ups and resumptions are called outside it.
 */
final class Spool {
  private static final Logger LOG = LoggerFactory.getLogger(Spool.class);

  /** What is meant to become of the bytes. */
  enum Storing {
    /** Chunks are adopted by the store. */
    STORE,
    /** Files only, removed at the end. */
    SPOOL,
    /** Memory only. */
    WINDOW
  }

  private enum Mode {
    MEMORY,
    FILES,
    WINDOW
  }

  /** More chunks than a body may have. */
  private static final class TooLarge extends IOException {
    private static final long serialVersionUID = 1L;
  }

  /** What became of the bytes once all had come. */
  sealed interface Outcome {
    record Whole(Body body) implements Outcome {}

    record Unstored(String reason) implements Outcome {}
  }

  /** What a reader gets when it asks. */
  sealed interface Next {
    record Bytes(ByteString bytes) implements Next {}

    record OnDisk(SpoolChunk chunk, long offset, int length) implements Next {}

    /** It will be woken. */
    record Wait() implements Next {}

    record End() implements Next {}

    record Gone(Throwable cause) implements Next {}
  }

  private final SpoolContext context;
  private final FillSettings settings;
  private final Storing storing;
  private final long chunkBytes;
  private final long maxBytes;
  private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
  private final CompletableFuture<Void> cleaned = new CompletableFuture<>();

  private final Object lock = new Object();
  private final SliceWindow window = new SliceWindow();
  private final List<SpoolReader> readers = new ArrayList<>();
  private boolean everRead;
  private final Map<Integer, SpoolChunk> chunks = new HashMap<>();
  private final BitSet given = new BitSet(); // to the store, or about to be
  private @Nullable SpoolGrid grid;
  private Mode mode;
  private String unstored;
  private long flushed;
  private @Nullable SpoolChunk manifestChunk;
  private int adopting;
  private boolean draining;
  private boolean sealed;
  private boolean ended;
  private boolean released;
  private boolean cleaning;
  private boolean wakeTimer;
  private long lastWakeNanos = System.nanoTime();
  private long headAtWake;
  private @Nullable Throwable failure;
  private @Nullable Runnable resume;

  /**
   * @param length the length of the body if it is known
   * @param unstored why nothing will be stored, if that is known from the start
   * @param maxBytes of a body that is stored
   */
  Spool(
      SpoolContext context, Storing storing, OptionalLong length, String unstored, long maxBytes) {
    this.maxBytes = maxBytes;
    this.context = context;
    this.settings = context.settings();
    this.storing = storing;
    this.unstored = unstored;
    this.chunkBytes = settings.chunkBytesFor(length.orElse(0));
    this.mode =
        storing == Storing.WINDOW
            ? Mode.WINDOW
            : length.orElse(0) > settings.shortBodyBytes() ? Mode.FILES : Mode.MEMORY;
    context.spools().incrementAndGet();
  }

  /** Completes, never fails, when all bytes came and are durable or known not to become so. */
  CompletionStage<Outcome> outcome() {
    return outcome;
  }

  /** Completes when nothing of it is left outside the store. */
  CompletionStage<Void> cleaned() {
    return cleaned;
  }

  /** Whether chunks were to be adopted by the store when it began. */
  boolean isToBeStored() {
    return storing == Storing.STORE;
  }

  /** The bytes before this have all come. */
  long received() {
    synchronized (lock) {
      SpoolGrid spread = grid;
      if (spread == null) {
        return window.end();
      }
      long front = spread.frontier();
      return front >= flushed && front <= window.end() ? window.end() : front;
    }
  }

  // --- the origin's side

  /** Takes bytes of the first stream, which come in order. */
  BodyPump.Demand append(ByteString bytes, Runnable more) {
    context.metrics().originBytes.add(bytes.size());
    List<Runnable> after = new ArrayList<>();
    BodyPump.Demand demand;
    synchronized (lock) {
      if (failure != null || ended || released) {
        return BodyPump.Demand.WAIT;
      }
      boolean cut = false;
      SpoolGrid spread = grid;
      if (spread == null) {
        window.add(bytes);
      } else {
        window.add(bytes.take(spread.acceptable(window.end(), bytes.size())));
        cut = !spread.owns(window.end());
      }
      if (mode == Mode.MEMORY && window.end() > settings.shortBodyBytes()) {
        mode = Mode.FILES;
      }
      trim();
      kick(after);
      boolean wanted = cut || wantsMore();
      resume = wanted ? null : more;
      demand = cut ? BodyPump.Demand.ENOUGH : wanted ? BodyPump.Demand.MORE : BodyPump.Demand.WAIT;
      wakeForGrowth(after);
    }
    after.forEach(Runnable::run);
    return demand;
  }

  /** All bytes came. */
  void complete() {
    List<Runnable> after = new ArrayList<>();
    synchronized (lock) {
      ended = true;
      if (storing == Storing.STORE && mode == Mode.MEMORY) {
        long total = window.end();
        if (total <= settings.inlineBodyBytes()) {
          byte[] whole = window.take(0, (int) total).toArray();
          after.add(() -> outcome.complete(new Outcome.Whole(new Body.Inline(whole))));
        } else {
          mode = Mode.FILES;
        }
      } else if (mode != Mode.FILES) {
        completeUnstored(after);
      }
      kick(after);
      wakeAll(after);
    }
    after.forEach(Runnable::run);
  }

  /** No more bytes will come; all readers fail. */
  void fail(Throwable cause) {
    List<Runnable> after = new ArrayList<>();
    synchronized (lock) {
      if (failure == null) {
        failure = cause;
        resume = null;
        wakeAll(after);
      }
    }
    after.forEach(Runnable::run);
  }

  // --- other connections that bring parts

  /** From here on others may bring parts too; false if there is no file to put them in. */
  boolean spread(long totalBytes) {
    synchronized (lock) {
      if (!takesParts() || ended) {
        return false;
      }
      SpoolGrid spread = new SpoolGrid(totalBytes, chunkBytes);
      spread.startAt(flushed, window.end());
      grid = spread;
      return true;
    }
  }

  /** Whether there are files to write parts into. */
  boolean takesParts() {
    synchronized (lock) {
      return mode == Mode.FILES && failure == null && !released;
    }
  }

  /**
   * The next part for one of {@code sharing} connections, in front of the others those that readers
   * wait for; null if there is none now.
   */
  SpoolGrid.@Nullable Claim claim(int owner, int sharing, int maxChunks, boolean fromEnd) {
    synchronized (lock) {
      SpoolGrid spread = grid;
      if (spread == null || !takesParts() || adopting > settings.pendingAdoptions() + sharing) {
        return null;
      }
      int busy = flushed < window.end() ? spread.indexOf(window.end()) : -1;
      int chunksEach = Math.clamp(spread.freeChunks() / (4L * sharing), 1, maxChunks);
      return spread.claim(owner, chunksEach, waited(), fromEnd, busy);
    }
  }

  /** Whether a reader waits for what nobody brings. */
  boolean isWaitedFor() {
    synchronized (lock) {
      SpoolGrid spread = grid;
      return spread != null && spread.isFreeAt(waited());
    }
  }

  private List<Long> waited() {
    return readers.stream().filter(one -> one.waiting).map(one -> one.position).toList();
  }

  /** Keeps the next chunks for the first stream. */
  void reserve(int chunks) {
    synchronized (lock) {
      SpoolGrid spread = grid;
      if (spread != null && window.end() < spread.totalBytes()) {
        spread.reserve(window.end(), chunks);
      }
    }
  }

  /** Writes a part's bytes; blocking. False: they are not wanted, nor are those behind them. */
  boolean write(int owner, long offset, ByteString bytes) {
    ByteString rest = bytes;
    long at = offset;
    while (!rest.isEmpty()) {
      int index = (int) (at / chunkBytes);
      int inChunk = (int) Math.min(rest.size(), (index + 1) * chunkBytes - at);
      synchronized (lock) {
        SpoolGrid spread = grid;
        if (spread == null || !takesParts() || !spread.begins(owner, at)) {
          return false;
        }
      }
      try {
        put(index, at % chunkBytes, rest.take(inChunk));
      } catch (IOException | RuntimeException e) {
        stopStoring(e);
        return false;
      }
      context.metrics().originBytes.add(inChunk);
      wakeAt(at, at + inChunk);
      at += inChunk;
      rest = rest.drop(inChunk);
    }
    return true;
  }

  private void wakeAt(long from, long end) {
    List<Runnable> after = new ArrayList<>();
    synchronized (lock) {
      for (SpoolReader reader : readers) {
        if (reader.waiting && reader.position >= from && reader.position < end) {
          reader.waiting = false;
          after.add(reader.wake);
        }
      }
    }
    after.forEach(Runnable::run);
  }

  /** A connection brings no more: what it has not brought is free for others. */
  void giveBack(int owner) {
    synchronized (lock) {
      if (grid != null) {
        grid.giveBack(owner);
      }
    }
  }

  /** The first stream brings no more. */
  void firstStreamEnded() {
    synchronized (lock) {
      if (grid != null) {
        grid.firstStreamEnded(window.end());
      }
    }
  }

  /** Nobody but the first stream brings anything from now on. */
  void leaveToFirstStream() {
    synchronized (lock) {
      if (grid != null) {
        grid.leaveToFirstStream();
      }
    }
  }

  /** Bytes that are not in files yet. */
  long missingBytes(long totalBytes) {
    synchronized (lock) {
      return grid == null ? totalBytes - window.end() : grid.missingBytes();
    }
  }

  // --- the readers' side

  SpoolReader attach(long from, long to, Runnable wake) {
    SpoolReader reader = new SpoolReader(from, to, wake);
    synchronized (lock) {
      readers.add(reader);
      everRead = true;
    }
    return reader;
  }

  void detach(SpoolReader reader) {
    List<Runnable> after = new ArrayList<>();
    synchronized (lock) {
      readers.remove(reader);
      afterReading(after);
    }
    context.blocking().execute(reader::close);
    after.forEach(Runnable::run);
  }

  Next next(SpoolReader reader, int max) {
    List<Runnable> after = new ArrayList<>();
    Next next;
    synchronized (lock) {
      next = nextOf(reader, max);
      if (next instanceof Next.Bytes) {
        afterReading(after);
      }
    }
    after.forEach(Runnable::run);
    return next;
  }

  /** The bytes behind an OnDisk answer, in the store's or the file's time; blocking. */
  ByteString load(SpoolReader reader, Next.OnDisk place) throws IOException {
    ByteString bytes = reader.load(context.chunks(), place.chunk(), place.offset(), place.length());
    List<Runnable> after = new ArrayList<>();
    synchronized (lock) {
      reader.position += bytes.size();
      reader.sent = true;
      afterReading(after);
    }
    after.forEach(Runnable::run);
    context.metrics().diskReadBytes.add(bytes.size());
    return bytes;
  }

  private Next nextOf(SpoolReader reader, int max) {
    reader.waiting = false;
    Throwable cause = failure;
    if (cause != null) {
      return new Next.Gone(cause);
    }
    long from = reader.position;
    if (from >= reader.to || (ended && from >= totalBytes())) {
      return new Next.End();
    }
    long wanted = Math.min(max, reader.to - from);
    if (from >= window.start() && from < window.end()) {
      ByteString taken = window.take(from, (int) Math.min(wanted, window.end() - from));
      reader.position += taken.size();
      reader.sent = true;
      context.metrics().windowReadBytes.add(taken.size());
      return new Next.Bytes(taken);
    }
    long onDisk = released ? 0 : onDisk(from);
    SpoolChunk chunk = chunks.get((int) (from / chunkBytes));
    if (onDisk > 0 && chunk != null) {
      return new Next.OnDisk(chunk, from % chunkBytes, (int) Math.min(wanted, onDisk));
    }
    if (from >= window.end() && !ended) {
      reader.waiting = true;
      return new Next.Wait();
    }
    context.metrics().lostReaders.increment();
    return new Next.Gone(new SpoolLost("the bytes from " + from + " are gone"));
  }

  /** Bytes in the file of the chunk in which the offset is, from there on. */
  private long onDisk(long offset) {
    SpoolGrid spread = grid;
    return spread == null
        ? Math.min(chunkBytes - offset % chunkBytes, flushed - offset)
        : spread.readable(offset);
  }

  /** All that comes, once it is known. */
  private long totalBytes() {
    SpoolGrid spread = grid;
    return spread == null ? window.end() : spread.totalBytes();
  }

  /** In WINDOW a reader's progress is what makes room. */
  private void afterReading(List<Runnable> after) {
    if (mode == Mode.WINDOW) {
      trim();
      resumeOrigin(after);
    }
  }

  // --- memory

  private boolean wantsMore() {
    return switch (mode) {
      case MEMORY -> true;
      case FILES -> window.end() - flushed < context.windowBytes() / 2;
      case WINDOW -> window.end() - window.start() < windowLimit();
    };
  }

  private long windowLimit() {
    return storing == Storing.WINDOW ? settings.shareLimitBytes() : context.windowBytes();
  }

  private void trim() {
    switch (mode) {
      case MEMORY -> {}
      case FILES -> {
        if (!isShort()) {
          window.dropBefore(Math.min(flushed, window.end() - context.windowBytes()));
        }
      }
      case WINDOW -> {
        if (window.end() - window.start() >= windowLimit()) {
          window.dropBefore(pace());
        }
      }
    }
  }

  /** A short body stays in memory as a whole: its readers need no file, during and after. */
  private boolean isShort() {
    return ended && window.end() <= settings.shortBodyBytes();
  }

  /** What the slowest reader still needs that is on no disk. Those with nothing sent may fail. */
  private long pace() {
    if (!everRead) {
      return window.start(); // the first is on its way: its head is out, its body not yet asked for
    }
    long sending = Long.MAX_VALUE;
    long others = Long.MAX_VALUE;
    for (SpoolReader reader : readers) {
      long needs = Math.max(reader.position, released ? 0 : flushed);
      if (reader.sent) {
        sending = Math.min(sending, needs);
      } else {
        others = Math.min(others, needs);
      }
    }
    return Math.min(sending == Long.MAX_VALUE ? others : sending, window.end());
  }

  private void resumeOrigin(List<Runnable> after) {
    Runnable waiting = resume;
    if (waiting != null && wantsMore()) {
      resume = null;
      after.add(waiting);
    }
  }

  // --- waking

  private void wakeForGrowth(List<Runnable> after) {
    if (readers.stream().noneMatch(reader -> reader.waiting)) {
      return;
    }
    long sinceMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - lastWakeNanos);
    if (window.end() - headAtWake >= settings.wakeBytes() || sinceMillis >= settings.wakeMillis()) {
      wakeAll(after);
    } else if (!wakeTimer) {
      wakeTimer = true;
      long delay = settings.wakeMillis() - sinceMillis;
      after.add(() -> context.timer().after(delay, this::wakeByTime));
    }
  }

  private void wakeByTime() {
    List<Runnable> after = new ArrayList<>();
    synchronized (lock) {
      wakeTimer = false;
      wakeAll(after);
    }
    after.forEach(Runnable::run);
  }

  private void wakeAll(List<Runnable> after) {
    lastWakeNanos = System.nanoTime();
    headAtWake = window.end();
    for (SpoolReader reader : readers) {
      if (reader.waiting) {
        reader.waiting = false;
        after.add(reader.wake);
      }
    }
  }

  // --- files

  private void kick(List<Runnable> after) {
    if (!draining && hasWork()) {
      draining = true;
      after.add(() -> context.blocking().execute(this::drain));
    }
  }

  private boolean hasWork() {
    return mode == Mode.FILES
        && !released
        && failure == null
        && adopting < settings.pendingAdoptions()
        && (flushed < window.end() || (ended && !sealed));
  }

  /** Writes what is there, piece by piece, until there is nothing more or nowhere to put it. */
  private void drain() {
    try {
      while (true) {
        ByteString batch;
        synchronized (lock) {
          if (!hasWork()) {
            draining = false;
            break;
          }
          batch = window.take(flushed, settings.writeBatchBytes());
          sealed = batch.isEmpty();
        }
        if (batch.isEmpty()) {
          sealLast();
        } else {
          write(batch);
        }
      }
    } catch (IOException | RuntimeException e) {
      stopStoring(e);
      synchronized (lock) {
        draining = false;
      }
    }
    cleanIfIdle();
  }

  private void write(ByteString batch) throws IOException {
    long from;
    synchronized (lock) {
      from = flushed;
    }
    int index = (int) (from / chunkBytes);
    long offset = from % chunkBytes;
    ByteString part = batch.take((int) Math.min(batch.size(), chunkBytes - offset));
    put(index, offset, part);
    List<Runnable> after = new ArrayList<>();
    synchronized (lock) {
      flushed += part.size();
      if (grid != null) {
        grid.reached(index, offset + part.size()); // made while the part was written
      }
      trim();
      resumeOrigin(after);
    }
    after.forEach(Runnable::run);
  }

  /** Writes into a chunk, and gives the store what is complete by that. */
  private void put(int index, long offset, ByteString part) throws IOException {
    SpoolChunk chunk = chunkAt(index);
    long length = chunk.write(offset, part);
    boolean adopt;
    synchronized (lock) {
      SpoolGrid spread = grid;
      if (spread != null) {
        spread.reached(index, length);
      }
      // With the same hold of the lock: what is whole, but not yet being adopted, is not at its
      // end.
      adopt = length == (spread == null ? chunkBytes : spread.sizeOf(index)) && isToAdopt(index);
    }
    if (adopt) {
      adopt(chunk);
    }
  }

  /** True once for each chunk. */
  private boolean isToAdopt(int index) {
    if (storing != Storing.STORE || given.get(index)) {
      return false;
    }
    given.set(index);
    adopting++;
    return true;
  }

  private SpoolChunk chunkAt(int index) throws IOException {
    synchronized (lock) {
      SpoolChunk there = chunks.get(index);
      if (there != null) {
        return there;
      }
    }
    // What is in the last chunk is let through: the whole is measured again at its end.
    if (index >= settings.maxChunks() || index * chunkBytes >= maxBytes) {
      throw new TooLarge();
    }
    SpoolChunk chunk = SpoolChunk.create(context.chunks());
    synchronized (lock) {
      chunks.put(index, chunk);
    }
    return chunk;
  }

  private void sealLast() {
    SpoolChunk last;
    synchronized (lock) {
      int index = (int) ((totalBytes() - 1) / chunkBytes);
      last = totalBytes() > 0 && isToAdopt(index) ? chunks.get(index) : null;
    }
    if (last != null) {
      adopt(last);
    }
    settle();
  }

  private void adopt(SpoolChunk chunk) {
    ChunkId id = chunk.seal();
    FaultPoints.reached(FaultPoints.Point.CHUNK_SPOOLED);
    context
        .chunks()
        .adopt(id, chunk.file(), chunk.length())
        .whenCompleteAsync((pin, failed) -> adopted(chunk, pin, failed), context.blocking());
  }

  private void adopted(
      @Nullable SpoolChunk chunk, @Nullable ChunkReader pin, @Nullable Throwable failed) {
    if (chunk != null && pin != null) {
      chunk.adoptedAs(pin);
    } else {
      stopStoring(failed == null ? new IOException("no chunk was adopted") : failed);
    }
    List<Runnable> after = new ArrayList<>();
    synchronized (lock) {
      adopting--;
      kick(after);
    }
    after.forEach(Runnable::run);
    settle();
    cleanIfIdle();
  }

  /** Says how it ended once everything is written and adopted. */
  private void settle() {
    List<Runnable> after = new ArrayList<>();
    synchronized (lock) {
      if (sealed && adopting == 0 && mode == Mode.FILES && failure == null) {
        if (storing == Storing.STORE) {
          whole(after);
        } else {
          completeUnstored(after);
        }
      }
    }
    after.forEach(Runnable::run);
  }

  /** With the lock held and every chunk adopted; a long manifest becomes a chunk before that. */
  private void whole(List<Runnable> after) {
    List<ChunkId> names = names();
    Manifest manifest = new Manifest(totalBytes(), chunkBytes, names);
    SpoolChunk stored = manifestChunk;
    ChunkId id = stored == null ? null : stored.id();
    if (names.size() <= Manifest.MAX_CHUNKS_IN_DOCUMENT) {
      after.add(() -> outcome.complete(new Outcome.Whole(new Body.Chunked(manifest))));
    } else if (id == null) {
      adopting++;
      after.add(() -> context.blocking().execute(() -> store(manifest)));
    } else {
      FaultPoints.reached(FaultPoints.Point.MANIFEST_ADOPTED);
      Body body = new Body.Listed(totalBytes(), chunkBytes, id);
      after.add(() -> outcome.complete(new Outcome.Whole(body)));
    }
  }

  private List<ChunkId> names() {
    List<ChunkId> names = new ArrayList<>(chunks.size());
    for (int index = 0; index < chunks.size(); index++) {
      SpoolChunk chunk = chunks.get(index);
      ChunkId name = chunk == null ? null : chunk.id();
      if (name == null) {
        throw new IllegalStateException("a chunk of a whole body is not complete");
      }
      names.add(name);
    }
    return names;
  }

  /** It is adopted like any chunk and pinned as long as they are. */
  private void store(Manifest manifest) {
    SpoolChunk chunk = null;
    try {
      chunk = SpoolChunk.create(context.chunks());
      synchronized (lock) {
        manifestChunk = chunk;
      }
      chunk.write(ByteString.fromArrayUnsafe(ManifestCodec.encode(manifest)));
    } catch (IOException | RuntimeException unwritable) {
      adopted(chunk, null, unwritable);
      return;
    }
    SpoolChunk written = chunk;
    context
        .chunks()
        .adopt(written.seal(), written.file(), written.length())
        .whenCompleteAsync((pin, failed) -> adopted(written, pin, failed), context.blocking());
  }

  /** The disk will not take more: from here on memory only, at the readers' pace. */
  private void stopStoring(Throwable cause) {
    boolean full = isFull(cause);
    if (full) {
      context.metrics().diskFull.increment();
    }
    List<Runnable> after = new ArrayList<>();
    synchronized (lock) {
      if (mode == Mode.WINDOW || released) {
        return;
      }
      mode = Mode.WINDOW;
      unstored = full ? "disk-full" : cause instanceof TooLarge ? "too-large" : "store";
      trim();
      if (ended) {
        completeUnstored(after);
      }
      wakeAll(after);
      resumeOrigin(after);
    }
    LOG.warn("A response goes on unstored ({}): {}", unstored, cause.toString());
    after.forEach(Runnable::run);
  }

  private void completeUnstored(List<Runnable> after) {
    String reason = unstored;
    after.add(() -> outcome.complete(new Outcome.Unstored(reason)));
  }

  private static boolean isFull(Throwable cause) {
    for (Throwable at = cause; at != null; at = at.getCause()) {
      if (at instanceof StoreException store && store.isFull()) {
        return true;
      }
      String message = at instanceof IOException ? at.getMessage() : null;
      if (message != null) {
        String lower = message.toLowerCase(Locale.ROOT);
        if (lower.contains("no space left") || lower.contains("quota exceeded")) {
          return true;
        }
      }
    }
    return false;
  }

  // --- the end

  /** Lets everything go: files that were not adopted, and pins. Short bodies stay readable. */
  void release() {
    synchronized (lock) {
      if (released) {
        return;
      }
      released = true;
    }
    context.spools().decrementAndGet();
    cleanIfIdle();
  }

  private void cleanIfIdle() {
    synchronized (lock) {
      if (!released || draining || adopting > 0 || cleaning) {
        return;
      }
      cleaning = true;
    }
    context.blocking().execute(this::clean);
  }

  private void clean() {
    List<SpoolChunk> all;
    SpoolChunk manifest;
    synchronized (lock) {
      all = List.copyOf(chunks.values());
      manifest = manifestChunk;
    }
    all.forEach(Spool::discard);
    if (manifest != null) {
      discard(manifest);
    }
    cleaned.complete(null);
  }

  private static void discard(SpoolChunk chunk) {
    try {
      chunk.discard();
    } catch (RuntimeException e) {
      LOG.warn("A spool file could not be removed; the next start will: {}", e.toString());
    }
  }
}
