package dev.weir.exchange;

import dev.weir.policy.Policy;
import dev.weir.rules.RuleFiles;
import dev.weir.testing.Answer;
import dev.weir.testing.Eventually;
import dev.weir.testing.ProxyClient.Response;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A rig whose origin waits for the test, so that readers meet where the test wants them to. */
final class Race implements AutoCloseable {
  static final int READERS = 8;
  static final String TARGET = "/race";

  final Rig rig;

  /** The origin waits here before a head. */
  final CountDownLatch head = new CountDownLatch(1);

  /** And here within a body. */
  final CountDownLatch rest = new CountDownLatch(1);

  final AtomicInteger answers = new AtomicInteger();

  Race() {
    this("");
  }

  Race(String settings) {
    rig = new Rig(RuleFiles.defaults(Policy.STANDARD), settings);
  }

  /** Each answer says in its body the how-manieth it is. */
  Answer numbered(int status, String... fields) {
    return Answer.text(status, "answer " + answers.incrementAndGet(), fields);
  }

  /** Fields as tables write them: {@code Name: value; Name: value}. */
  static String[] fields(@Nullable String text) {
    if (text == null || text.isBlank()) {
      return new String[0];
    }
    return Arrays.stream(text.split(";"))
        .flatMap(field -> Arrays.stream(field.split(":", 2)))
        .map(String::strip)
        .toArray(String[]::new);
  }

  static List<Response> all(List<CompletableFuture<Response>> running) throws Exception {
    List<Response> heard = new ArrayList<>();
    for (CompletableFuture<Response> one : running) {
      heard.add(got(one));
    }
    return heard;
  }

  static Response got(CompletableFuture<Response> running) throws Exception {
    return running.get(30, TimeUnit.SECONDS);
  }

  Response get() throws Exception {
    return got(rig.client("GET", TARGET));
  }

  static void pass(CountDownLatch gate) throws InterruptedException {
    if (!gate.await(60, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the test has forgotten the origin");
    }
  }

  void settle() throws Exception {
    Eventually.holds(rig::nothingRuns);
  }

  @Override
  public void close() {
    head.countDown();
    rest.countDown();
    rig.close();
  }
}
