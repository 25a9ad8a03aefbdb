package dev.weir.rules;

import dev.cel.runtime.CelEvaluationException;
import dev.weir.http.ResponseHead;
import dev.weir.policy.Expression;
import dev.weir.policy.KeyTarget;
import dev.weir.policy.Policy;
import dev.weir.policy.Subject;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An expression of a rule file. Evaluating it costs a bounded number of steps, and of characters
 * that they make; where it fails or would go beyond, it has no value, which is counted, and logged
 * once per interval.
 */
final class RuleExpression<T> implements Expression<T> {
  private static final Logger LOG = LoggerFactory.getLogger(RuleExpression.class);

  private static final long LOG_INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(1);

  private static final LongAdder FAILURES = new LongAdder();

  private final String text;
  private final String where;
  private final ExpressionLanguage.Compiled compiled;
  private final Function<Object, @Nullable T> reader;
  private final RulesSettings limits;
  private final AtomicLong loggedNanos = new AtomicLong(System.nanoTime() - LOG_INTERVAL_NANOS);
  private final LongAdder unlogged = new LongAdder();

  private RuleExpression(
      Value value, ExpressionLanguage.Compiled compiled, Function<Object, @Nullable T> reader) {
    this.text = value.text();
    this.where = Value.place(value.config().origin()) + ": " + value.where();
    this.compiled = compiled;
    this.reader = reader;
    this.limits = value.limits();
  }

  /** A condition. */
  static Expression<Boolean> condition(Value value) {
    return new RuleExpression<>(value, compiled(value, true), Boolean.class::cast);
  }

  /** The label of a policy. */
  static Expression<Policy> policy(Value value) {
    return new RuleExpression<>(
        value,
        ofRequest(value),
        said -> said.equals("") ? null : Policy.named(said.toString()).orElseThrow());
  }

  /** A path with or without a query. */
  static Expression<KeyTarget> key(Value value) {
    return new RuleExpression<>(
        value, ofRequest(value), said -> said.equals("") ? null : new KeyTarget(said.toString()));
  }

  /** How often one had no value because it failed or would have cost too much. */
  static long failures() {
    return FAILURES.sum();
  }

  private static ExpressionLanguage.Compiled ofRequest(Value value) {
    ExpressionLanguage.Compiled compiled = compiled(value, false);
    if (compiled.asksResponse()) {
      throw value.bad("request and client alone, since it is decided before there is any response");
    }
    return compiled;
  }

  private static ExpressionLanguage.Compiled compiled(Value value, boolean isCondition) {
    return value.as(
        isCondition ? "a condition in CEL" : "an expression in CEL that gives a text",
        text -> ExpressionLanguage.compile(text, value.limits().maxRounds(), isCondition));
  }

  @Override
  public @Nullable T value(Subject subject, @Nullable ResponseHead response) {
    Meter meter = new Meter(limits);
    try {
      Object value =
          compiled
              .program()
              .trace(
                  new ExpressionVariables(subject, response),
                  (expression, result) -> meter.count(result));
      return reader.apply(value);
    } catch (CelEvaluationException failed) {
      failed(meter.isOver() ? "it costs too much" : failed.getErrorCode().name());
    } catch (RuntimeException unfit) {
      failed("its value is none for this key");
    }
    return null;
  }

  /** The reason never holds what a request says: what is logged must not tell secrets. */
  private void failed(String reason) {
    FAILURES.increment();
    unlogged.increment();
    long now = System.nanoTime();
    long logged = loggedNanos.get();
    if (now - logged >= LOG_INTERVAL_NANOS && loggedNanos.compareAndSet(logged, now)) {
      LOG.warn(
          "{}: no value ({}, {} times since this was last told), so its rule does not match",
          where,
          reason,
          unlogged.sumThenReset());
    }
  }

  @Override
  public boolean asksResponse() {
    return compiled.asksResponse();
  }

  @Override
  public String text() {
    return text;
  }

  @Override
  public String toString() {
    return text;
  }

  /** Counts what an evaluation costs. Once it is over it stays so, whatever is caught inside. */
  private static final class Meter {
    private final RulesSettings limits;
    private int steps;
    private long chars;

    Meter(RulesSettings limits) {
      this.limits = limits;
    }

    void count(Object result) {
      steps++;
      if (result instanceof CharSequence made) {
        chars += made.length();
      }
      if (isOver()) {
        throw new IllegalStateException("the expression costs too much");
      }
    }

    boolean isOver() {
      return steps > limits.maxSteps() || chars > limits.maxChars();
    }
  }
}
