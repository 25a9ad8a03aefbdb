package dev.weir.origin;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The operating system's resolver. Look-ups run on a few threads of their own: they block in native
 * code, where a virtual thread would hold its carrier. Questions for one name that is being looked
 * up share the answer; answers are kept for a short time, failures are not.
 */
public final class SystemResolver implements Resolver, AutoCloseable {
  private final ThreadPoolExecutor threads;

  /** Futures in a plain cache: an asynchronous one would log every name that does not resolve. */
  private final Cache<String, CompletableFuture<List<InetAddress>>> answers;

  public SystemResolver(OriginSettings.Names settings) {
    threads =
        new ThreadPoolExecutor(
            settings.threads(),
            settings.threads(),
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(settings.maxQueued()),
            Thread.ofPlatform().daemon().name("weir-names-", 0).factory());
    threads.allowCoreThreadTimeOut(true);
    answers =
        Caffeine.newBuilder()
            .maximumSize(settings.maxKept())
            .expireAfterWrite(Duration.ofMillis(settings.keepMillis()))
            .build();
  }

  @Override
  public CompletionStage<List<InetAddress>> resolve(String name) {
    CompletableFuture<List<InetAddress>> known = answers.get(name, this::ask);
    if (!known.isCompletedExceptionally()) {
      return known;
    }
    answers.asMap().remove(name, known);
    return answers.get(name, this::ask);
  }

  private CompletableFuture<List<InetAddress>> ask(String name) {
    CompletableFuture<List<InetAddress>> answer = new CompletableFuture<>();
    try {
      threads.execute(() -> lookUp(name, answer));
    } catch (RejectedExecutionException e) {
      answer.completeExceptionally(
          new OriginFailure(
              OriginFailure.Kind.OVERLOADED, "Too many names wait to be looked up.", e));
    }
    return answer;
  }

  private static void lookUp(String name, CompletableFuture<List<InetAddress>> answer) {
    try {
      answer.complete(List.of(InetAddress.getAllByName(name)));
    } catch (UnknownHostException e) {
      answer.completeExceptionally(
          new OriginFailure(
              OriginFailure.Kind.RESOLVE, "The name " + name + " could not be resolved.", e));
    } catch (RuntimeException e) {
      answer.completeExceptionally(
          new OriginFailure(
              OriginFailure.Kind.RESOLVE, "Looking up the name " + name + " failed.", e));
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
