package dev.weir.rules;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Secrets that commands tell: {@code command:PROGRAM ARGUMENT ...}, split at blanks, or {@code
 * shell:TEXT} for a line of {@code /bin/sh}. What one has told is kept in memory for its time; then
 * it is run again, and if it fails then, what it told before stays. Nothing of what it says is
 * logged. Blocks as long as {@link RulesSettings.Command} lets it run.
 */
final class SecretCommands {
  private static final String COMMAND = "command:";
  private static final String SHELL = "shell:";
  private static final Logger LOG = LoggerFactory.getLogger(SecretCommands.class);

  /** Of the process: rules are read anew more often than secrets change. */
  private static final Map<String, Told> KEPT = new ConcurrentHashMap<>();

  private record Told(
      String secret, long keepMillis, RulesSettings.Command limits, long againNanos) {
    static Told now(String secret, long keepMillis, RulesSettings.Command limits) {
      return new Told(secret, keepMillis, limits, nanosIn(keepMillis));
    }

    /** Once more, for it could not be told anew. */
    Told again() {
      return new Told(
          secret, keepMillis, limits, nanosIn(Math.min(keepMillis, limits.retryMillis())));
    }

    boolean isOver() {
      return System.nanoTime() - againNanos >= 0;
    }

    private static long nanosIn(long millis) {
      return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    }
  }

  private SecretCommands() {}

  static boolean isCommand(String reference) {
    return reference.startsWith(COMMAND) || reference.startsWith(SHELL);
  }

  /**
   * What the command tells, without blanks at its ends.
   *
   * @param keepMillis how long it is good for
   * @throws IOException if it cannot be run, fails, takes too long or tells too much
   */
  static String told(String reference, long keepMillis, RulesSettings.Command limits)
      throws IOException {
    Told kept = KEPT.get(reference);
    if (kept != null && kept.keepMillis() == keepMillis && !kept.isOver()) {
      return kept.secret();
    }
    String secret = run(words(reference), limits);
    KEPT.put(reference, Told.now(secret, keepMillis, limits));
    return secret;
  }

  /** What a command tells that has told before; run again if that is too long ago. */
  static String current(String reference) {
    Told kept = KEPT.get(reference);
    if (kept == null) {
      return "";
    }
    if (!kept.isOver()) {
      return kept.secret();
    }
    try {
      return told(reference, kept.keepMillis(), kept.limits());
    } catch (IOException failed) {
      LOG.warn(
          "The command {} for credentials failed, what it told before stays in force: {}",
          words(reference).getFirst(),
          failed.getMessage());
      KEPT.put(reference, kept.again());
      return kept.secret();
    }
  }

  private static List<String> words(String reference) {
    return reference.startsWith(SHELL)
        ? List.of("/bin/sh", "-c", reference.substring(SHELL.length()))
        : List.of(reference.substring(COMMAND.length()).strip().split("\\s+"));
  }

  private static String run(List<String> words, RulesSettings.Command limits) throws IOException {
    long endNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limits.timeoutMillis());
    Process process =
        new ProcessBuilder(words)
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      byte[] said =
          saidBy(process, limits.maxBytes())
              .get(endNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (said.length > limits.maxBytes()) {
        throw new IOException("it says more than " + limits.maxBytes() + " bytes");
      }
      if (!process.waitFor(endNanos - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        throw late(limits, null);
      }
      if (process.exitValue() != 0) {
        throw new IOException("it ended with " + process.exitValue());
      }
      return new String(said, StandardCharsets.UTF_8).strip();
    } catch (TimeoutException late) {
      throw late(limits, late);
    } catch (ExecutionException broken) {
      throw new IOException("its output could not be read", broken);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("it was interrupted", interrupted);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private static IOException late(RulesSettings.Command limits, @Nullable TimeoutException cause) {
    return new IOException("it did not end within " + limits.timeoutMillis() + " ms", cause);
  }

  /** Read beside the clock: a program may keep its output open for ever. */
  private static CompletableFuture<byte[]> saidBy(Process process, int maxBytes) {
    CompletableFuture<byte[]> said = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try (InputStream out = process.getInputStream()) {
                said.complete(out.readNBytes(maxBytes + 1));
              } catch (IOException broken) {
                said.completeExceptionally(broken);
              }
            });
    return said;
  }
}
