package dev.weir.wire;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that waits for many sockets and reads those that have something. It never waits for
 * anything else: whom it tells must not block.
 */
public final class SocketLoop implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SocketLoop.class);

  /** What is told when a socket can be read, written or accepted from; on the loop's thread. */
  @FunctionalInterface
  interface Ready {
    void ready(SelectionKey key);

    /** The loop has closed the socket by itself; nothing more is told. */
    default void closedByLoop() {}
  }

  private final Selector selector;
  private final Thread thread;
  private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean woken = new AtomicBoolean();
  private final SocketSettings settings;
  private final ByteBuffer readBuffer;
  private final ThreadLocal<ByteBuffer> writeBuffers;
  private volatile boolean closed;
  private volatile boolean ended;

  /**
   * Begins at once.
   *
   * @throws UncheckedIOException if the system has no more selectors
   */
  public SocketLoop(String name, SocketSettings settings) {
    try {
      selector = Selector.open();
    } catch (IOException none) {
      throw new UncheckedIOException(none);
    }
    this.settings = settings;
    readBuffer = ByteBuffer.allocateDirect(settings.readBytes());
    writeBuffers = ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(settings.writeBytes()));
    thread = Thread.ofPlatform().daemon().name(name).start(this::run);
  }

  /** Watches a channel that does not block; the stage has its key. */
  CompletionStage<SelectionKey> watch(SelectableChannel channel, int operations, Ready ready) {
    CompletableFuture<SelectionKey> key = new CompletableFuture<>();
    execute(
        () -> {
          try {
            key.complete(channel.register(selector, operations, ready));
          } catch (IOException | RuntimeException refused) {
            key.completeExceptionally(refused);
          }
        });
    return key;
  }

  /** Runs it on the loop's thread, soon; once the loop has ended, on the caller's. */
  void execute(Runnable task) {
    tasks.add(task);
    if (ended) {
      runTasks(); // nobody else will: a socket that came too late must be closed, not kept
    } else if (!Thread.currentThread().equals(thread) && woken.compareAndSet(false, true)) {
      selector.wakeup();
    }
  }

  /** Closes a channel that it may watch; only the loop's thread gives the file back at once. */
  public void closes(SelectableChannel channel) {
    execute(() -> closeQuietly(channel));
  }

  SocketSettings settings() {
    return settings;
  }

  /** The loop's own room for one read; its thread only. */
  ByteBuffer readBuffer() {
    return readBuffer.clear();
  }

  /** The calling thread's room for one write. */
  ByteBuffer writeBuffer() {
    return writeBuffers.get();
  }

  private void run() {
    Consumer<SelectionKey> tell = this::tell;
    while (!closed) {
      try {
        selector.select(tell);
      } catch (IOException | RuntimeException broken) {
        LOG.error("a selector has failed", broken);
      }
      // Lowered before the tasks are looked at: one that comes after it wakes the next wait.
      woken.set(false);
      runTasks();
    }
    end();
  }

  private void tell(SelectionKey key) {
    try {
      if (key.isValid() && key.attachment() instanceof Ready ready) {
        ready.ready(key);
      }
    } catch (RuntimeException broken) {
      LOG.error("a connection could not be served", broken);
      drop(key);
    }
  }

  /** Whoever waits for the socket has to hear of it, or it would wait for ever. */
  private static void drop(SelectionKey key) {
    closeQuietly(key.channel());
    if (key.attachment() instanceof Ready ready) {
      ready.closedByLoop();
    }
  }

  private void runTasks() {
    for (@Nullable Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      try {
        task.run();
      } catch (RuntimeException broken) {
        LOG.error("a task of a selector has failed", broken);
      }
    }
  }

  private void end() {
    selector.keys().forEach(SocketLoop::drop);
    try {
      selector.close();
    } catch (IOException broken) {
      LOG.debug("a selector could not be closed", broken);
    }
    ended = true;
    runTasks();
  }

  static void closeQuietly(SelectableChannel channel) {
    try {
      channel.close();
    } catch (IOException broken) {
      LOG.debug("a socket could not be closed", broken);
    }
  }

  /** Ends the loop; what it still watches is closed. */
  @Override
  public void close() {
    closed = true;
    selector.wakeup();
  }
}
