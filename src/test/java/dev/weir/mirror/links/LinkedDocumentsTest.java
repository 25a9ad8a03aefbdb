package dev.weir.mirror.links;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.edge.ClientConnection;
import dev.weir.edge.EdgeRequest;
import dev.weir.edge.EdgeResponse;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.mirror.Asked;
import dev.weir.testing.Eventually;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPOutputStream;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.ResponseEntity;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Index documents that are not what the mirror hopes for. */
class LinkedDocumentsTest {
  private static final String PAGE = "<html><body><a href=\"https://files.example/x\">x</a></body>";
  private static ActorSystem system;
  private static Materializer materializer;

  @BeforeAll
  static void start() {
    system = ActorSystem.create("links");
    materializer = SystemMaterializer.get(system).materializer();
  }

  @AfterAll
  static void stop() {
    TestKit.shutdownActorSystem(system);
  }

  private static LinkedDocuments documents(Executor working) {
    LinkSettings settings = new LinkSettings(true, "", 1000, 10_000, 100, 10_000);
    return new LinkedDocuments(settings, true, List::of, working, materializer);
  }

  private static ResponseEntity entity(byte[] bytes) {
    return HttpEntities.create(ContentTypes.NO_CONTENT_TYPE, ByteString.fromArray(bytes));
  }

  private static ResponseEntity chunked(byte[] bytes) {
    return HttpEntities.create(
        ContentTypes.NO_CONTENT_TYPE, Source.single(ByteString.fromArray(bytes)));
  }

  private static byte[] octets(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static CompletionStage<EdgeResponse> ask(
      LinkedDocuments documents, ResponseEntity entity, String... fields) {
    RequestHead head =
        new RequestHead(
            "GET", "http", new Authority("mirror.example", 80), "/simple/x/", Headers.EMPTY);
    RequestHead origin =
        new RequestHead(
            "GET", "https", new Authority("index.example", 443), "/simple/x/", Headers.EMPTY);
    InetSocketAddress nowhere = new InetSocketAddress("127.0.0.1", 1);
    EdgeRequest request =
        new EdgeRequest(
            origin,
            HttpEntities.EMPTY,
            new ClientConnection(nowhere, nowhere, null, 1),
            new CompletableFuture<>(),
            interim -> {});
    Headers answered = Headers.of(fields).plus("Content-Type", "text/html");
    return documents
        .over(
            new Asked(head, origin, null, "/index.example", ""),
            ignored ->
                CompletableFuture.completedFuture(
                    new EdgeResponse.Full(new ResponseHead(200, "OK", answered), entity, false)))
        .handle(request);
  }

  private static String text(EdgeResponse response) {
    return ((EdgeResponse.Full) response)
        .entity()
        .getDataBytes()
        .runFold(ByteString.emptyByteString(), ByteString::concat, materializer)
        .toCompletableFuture()
        .join()
        .utf8String();
  }

  private static EdgeResponse now(CompletionStage<EdgeResponse> answer) {
    return answer.toCompletableFuture().join();
  }

  @Test
  void oneThatIsTooLargeGoesOutAsItCameWhereItsLengthIsKnown() {
    // Given
    String large = PAGE + " ".repeat(2000);
    LinkedDocuments documents = documents(Runnable::run);
    // When
    EdgeResponse known = now(ask(documents, entity(octets(large))));
    EdgeResponse unknown = now(ask(documents, chunked(octets(large))));
    // Then
    assertThat(text(known)).isEqualTo(large);
    assertThat(known.head().headers().first("X-Weir-Warning")).contains("too large");
    assertThat(unknown.head().status()).isEqualTo(502);
    assertThat(text(unknown)).contains("larger than weir.mirror.links.max-bytes");
    assertThat(documents.left()).isEqualTo(1);
  }

  @Test
  void oneThatComesPackedIsUnpackedUpToTheLimit() throws Exception {
    // Given
    LinkedDocuments documents = documents(Runnable::run);
    // When
    EdgeResponse small =
        now(ask(documents, entity(zipped(PAGE)), "Content-Encoding", "gzip", "ETag", "\"a\""));
    byte[] bomb = zipped(PAGE + " ".repeat(100_000));
    EdgeResponse large = now(ask(documents, entity(bomb), "Content-Encoding", "gzip"));
    EdgeResponse other = now(ask(documents, entity(octets(PAGE)), "Content-Encoding", "br"));
    // Then
    assertThat(text(small)).contains("href=\"/files.example/x\"");
    assertThat(small.head().headers().has("Content-Encoding")).isFalse();
    assertThat(large.head().headers().first("Content-Encoding")).isEqualTo("gzip");
    assertThat(large.head().headers().has("X-Weir-Warning")).isTrue();
    assertThat(text(other)).isEqualTo(PAGE);
    assertThat(other.head().headers().first("X-Weir-Warning")).contains("encoded");
  }

  @Test
  void packedOnesTakeOfTheMemoryWhatTheyMayUnpackTo() throws Exception {
    // Given: ten times the largest document, and nothing gets to be rewritten
    LinkedDocuments documents = documents(work -> {});
    AtomicInteger read = new AtomicInteger();
    byte[] packed = zipped(PAGE + " ".repeat(900));

    // When
    for (int i = 0; i < 30; i++) {
      ResponseEntity entity =
          HttpEntities.create(
              ContentTypes.NO_CONTENT_TYPE,
              packed.length,
              Source.single(ByteString.fromArray(packed))
                  .mapMaterializedValue(
                      begun -> {
                        read.incrementAndGet();
                        return begun;
                      }));
      ask(documents, entity, "Content-Encoding", "gzip", "ETag", "\"" + i + "\"");
    }

    // Then
    assertThat(read).hasValue(10);
  }

  @Test
  void aPageOfNothingButTagsTookManyTimesItsTextOfMemory() {
    // Given
    LinkedDocuments documents = documents(Runnable::run);
    String tags = PAGE + "<b>".repeat(101);
    String attributes = PAGE + "<b" + " x".repeat(101) + ">";

    // When
    EdgeResponse ofTags = now(ask(documents, entity(octets(tags))));
    EdgeResponse ofAttributes = now(ask(documents, entity(octets(attributes))));
    EdgeResponse usual = now(ask(documents, entity(octets(PAGE + "<b>".repeat(50)))));

    // Then
    assertThat(text(ofTags)).isEqualTo(tags);
    assertThat(ofTags.head().headers().first("X-Weir-Warning")).contains("working-nodes");
    assertThat(text(ofAttributes)).isEqualTo(attributes);
    assertThat(text(usual)).contains("href=\"/files.example/x\"");
  }

  @Test
  void pagesWhoseTreesAreTooLargeTogetherWaitForEachOther() throws Exception {
    // Given pages of which one at a time has room
    BlockingQueue<Runnable> work = new LinkedBlockingQueue<>();
    LinkedDocuments documents = documents(work::add);
    List<CompletableFuture<EdgeResponse>> answers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      ResponseEntity page = entity(octets(PAGE + "<b>".repeat(60)));
      answers.add(ask(documents, page, "ETag", "\"" + i + "\"").toCompletableFuture());
    }

    // When their tags have been counted
    Eventually.holds(() -> work.size() == 3);
    List<Runnable> counting = new ArrayList<>();
    work.drainTo(counting);
    counting.forEach(Runnable::run);

    // Then
    assertThat(work).hasSize(1);
    while (!work.isEmpty()) {
      work.remove().run();
    }
    assertThat(answers).allSatisfy(answer -> assertThat(answer).isCompleted());
  }

  @Test
  void oneThatIsBrokenGoesOutAsItCameAndOneThatBreaksOffIsA502() {
    // Given
    LinkedDocuments documents = documents(Runnable::run);
    // When
    EdgeResponse broken =
        now(ask(documents, entity(octets("no gzip")), "Content-Encoding", "gzip"));
    EdgeResponse cut =
        now(
            ask(
                documents,
                HttpEntities.create(
                    ContentTypes.NO_CONTENT_TYPE,
                    Source.failed(new IllegalStateException("cut")))));
    // Then
    assertThat(text(broken)).isEqualTo("no gzip");
    assertThat(broken.head().headers().first("X-Weir-Warning")).contains("not of its format");
    assertThat(cut.head().status()).isEqualTo(502);
    assertThat(text(cut)).contains("broke off");
  }

  @Test
  void manyWhoWantOneDocumentHaveItRewrittenOnce() throws Exception {
    // Given
    CountDownLatch all = new CountDownLatch(1);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      LinkedDocuments documents =
          documents(
              work ->
                  threads.execute(
                      () -> {
                        try {
                          all.await();
                        } catch (InterruptedException interrupted) {
                          Thread.currentThread().interrupt();
                        }
                        work.run();
                      }));

      // When
      List<CompletionStage<EdgeResponse>> answers = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        answers.add(ask(documents, entity(octets(PAGE)), "ETag", "\"same\""));
      }
      all.countDown();

      // Then
      for (CompletionStage<EdgeResponse> answer : answers) {
        assertThat(text(now(answer))).contains("href=\"/files.example/x\"");
      }
      assertThat(documents.rewritten()).isEqualTo(1);
    }
  }

  private static byte[] zipped(String text) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(bytes)) {
      zip.write(octets(text));
    }
    return bytes.toByteArray();
  }
}
