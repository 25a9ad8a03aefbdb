package dev.weir.cli;

import dev.weir.admin.Operations.Look;
import dev.weir.http.RequestHead;
import dev.weir.inspect.Inspector;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * Questions of people about what is stored, by URL and host; the answers are JSON.
 *
 * @param keys by the rules and filters in force
 */
record Looks(Inspector inspector, UrlKeys keys) {
  CompletionStage<Look> show(String url, List<String> fields) {
    RequestHead request = UrlKeys.request(url, fields);
    if (request == null) {
      return CompletableFuture.completedStage(new Look.NotAUrl());
    }
    return keys.of(request)
        .thenCompose(inspector::show)
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
