package dev.weir.origin;

import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Acts on how a stage ends. What an action throws is logged: no stage would ever tell it. */
final class Outcomes {
  private static final Logger log = LoggerFactory.getLogger(Outcomes.class);

  private Outcomes() {}

  @SuppressWarnings("FutureReturnValueIgnored")
  static <T> void of(CompletionStage<T> stage, Consumer<T> onValue, Consumer<Throwable> onFailure) {
    stage.handle(
        (value, thrown) -> {
          try {
            if (thrown == null) {
              onValue.accept(value);
            } else {
              onFailure.accept(Failures.unwrapped(thrown));
            }
          } catch (RuntimeException e) {
            log.error("What follows on an origin connection failed", e);
          }
          return null;
        });
  }
}
