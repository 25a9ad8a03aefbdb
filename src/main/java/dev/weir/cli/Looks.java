package dev.weir.cli;

import dev.weir.admin.Operations.Look;
import dev.weir.entry.PrimaryKey;
import dev.weir.inspect.Inspector;
import dev.weir.policy.PolicyTable;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Questions of people about what is stored, by URL and host; the answers are JSON.
 *
 * @param rules in force, some of which shape keys
 */
record Looks(Inspector inspector, Supplier<PolicyTable> rules) {
  CompletionStage<Look> show(String url) {
    PrimaryKey key = UrlKeys.of(url, rules.get());
    if (key == null) {
      return CompletableFuture.completedStage(new Look.NotAUrl());
    }
    return inspector
        .show(key)
        .<Look>thenApply(
            found -> found.isPresent() ? new Look.Found(found.get()) : new Look.Nothing())
        .exceptionally(Looks::failed);
  }

  CompletionStage<Look> list(String host, String after, int limit) {
    return inspector
        .list(host.toLowerCase(Locale.ROOT), after, limit)
        .<Look>thenApply(Look.Found::new)
        .exceptionally(Looks::failed);
  }

  private static Look failed(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return new Look.Failed(String.valueOf(cause.getMessage()));
  }
}
