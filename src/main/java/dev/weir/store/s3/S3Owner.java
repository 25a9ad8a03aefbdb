package dev.weir.store.s3;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.connectors.s3.S3Headers;
import org.apache.pekko.stream.connectors.s3.javadsl.S3;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** The object beside the chunks that says whose metadata names them. */
final class S3Owner {
  private static final String KEY = "weir-index";
  private static final double BACKOFF_JITTER = 0.2;

  private final S3StoreSettings settings;
  private final Attributes attributes;
  private final ActorSystem system;
  private final Materializer materializer;
  private final S3Health health;
  private final S3Answers answers;

  S3Owner(
      S3StoreSettings settings,
      Attributes attributes,
      ActorSystem system,
      S3Health health,
      S3Answers answers) {
    this.settings = settings;
    this.attributes = attributes;
    this.system = system;
    this.materializer = SystemMaterializer.get(system).materializer();
    this.health = health;
    this.answers = answers;
  }

  /**
   * Who the owner is.
   *
   * @param candidate becomes it if there is none, or if it is to replace whoever is
   */
  CompletionStage<String> claim(String candidate, boolean replace) {
    return replace
        ? write(candidate).thenCompose(_ -> read()).thenApply(found -> found.orElse(""))
        : read()
            .thenCompose(
                found ->
                    found.isPresent()
                        ? CompletableFuture.completedStage(found.get())
                        : claim(candidate, true));
  }

  private CompletionStage<?> write(String owner) {
    ByteString text = ByteString.fromString(owner);
    return again(
        "put",
        () ->
            S3.putObject(
                    settings.bucket(),
                    settings.prefix() + KEY,
                    Source.single(text),
                    text.size(),
                    ContentTypes.TEXT_PLAIN_UTF8,
                    S3Headers.create())
                .withAttributes(attributes)
                .completionTimeout(Duration.ofMillis(settings.responseTimeoutMillis()))
                .runWith(Sink.head(), materializer));
  }

  private CompletionStage<Optional<String>> read() {
    return again(
        "get",
        () ->
            S3.request(
                    settings.bucket(), settings.prefix() + KEY, HttpMethods.GET, S3Headers.create())
                .withAttributes(attributes)
                .initialTimeout(Duration.ofMillis(settings.responseTimeoutMillis()))
                .runWith(Sink.head(), materializer)
                .thenCompose(
                    response ->
                        response
                            .entity()
                            .withSizeLimit(S3Answers.MAX_BYTES)
                            .toStrict(settings.responseTimeoutMillis(), materializer)
                            .thenApply(body -> told(response, body.getData().utf8String()))));
  }

  private Optional<String> told(HttpResponse response, String body) {
    int status = response.status().intValue();
    if (status == 200) {
      return Optional.of(body.strip());
    }
    String code = S3Answers.code(body);
    if (answers.isAbsence(status, code)) {
      return Optional.empty();
    }
    throw answers.refusal(status, code);
  }

  /**
   * The connector tries again what fails; a call on whose answer a whole pass hangs is made again
   * when it is met with silence, too.
   */
  private <T> CompletionStage<T> again(String what, Callable<CompletionStage<T>> call) {
    return Patterns.retry(
            call,
            (T _, @Nullable Throwable failure) ->
                failure != null && S3Health.cause(failure) instanceof TimeoutException,
            settings.maxRetries(),
            Duration.ofMillis(settings.minBackoffMillis()),
            Duration.ofMillis(settings.maxBackoffMillis()),
            BACKOFF_JITTER,
            system)
        .exceptionally(
            failure -> {
              throw health.failed(what, failure);
            });
  }
}
