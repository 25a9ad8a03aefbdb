package dev.weir.cache;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.weir.cluster.FabricSettings;
import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.Manifest;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.http.Headers;
import dev.weir.http.StoredResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializer;
import org.apache.pekko.serialization.Serializers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What crosses nodes, byte for byte. Lines of the golden file are never changed: nodes of that age
 * may still run. A record that gains a field gets a new line, and its old one must stay readable.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FleetMessagesTest {
  private static final String GOLDEN = "golden-messages.txt";
  private static final PrimaryKey KEY = new PrimaryKey("https", "a.example", "1".repeat(56));
  private static final VariantKey VARIANT = new VariantKey("2".repeat(56));
  private static final Grant GRANT =
      new Grant(KEY, new FillId("3".repeat(32)), new Epoch(4), new NodeId("n1"));
  private static final Headers HEADERS =
      Headers.of("Content-Type", "text/plain", "X-Octets", "\u00e9\u00ff", "Via", "a", "via", "b");
  private static final Entry INLINE =
      entry(VariantKey.NONE, new Body.Inline(new byte[] {0, 127, -128, -1}));
  private static final Entry CHUNKED =
      entry(
          VARIANT,
          new Body.Chunked(
              new Manifest(
                  10, 8, List.of(new ChunkId("5".repeat(64)), new ChunkId("6".repeat(64))))));
  private static final ChunkId CHUNK = new ChunkId("7".repeat(64));
  private static final Entry PARTS =
      entry(
          VARIANT,
          new Body.Segmented(
              100,
              List.of(
                  new Body.Segment(0, new Body.Inline(new byte[] {1, 2})),
                  new Body.Segment(90, CHUNKED.body()))));
  private static final Lease LEASE = new Lease(CHUNKED, List.of("accept"), 7, 8, 60_000);

  private ActorSystem system;
  private Serialization serialization;
  private Map<String, FleetMessage> samples;
  private Map<String, String> golden;

  private static Entry entry(VariantKey variant, Body body) {
    StoredResponse response = new StoredResponse(200, "OK", HEADERS, "GET", 1000, 2000);
    return new Entry(KEY, variant, "https://a.example/x", response, body, new Epoch(4), tag());
  }

  private static FillId tag() {
    return new FillId("3".repeat(32));
  }

  @BeforeAll
  void start() throws IOException {
    Config cluster =
        ConfigFactory.parseResources("reference/cluster.conf").resolve().getConfig("weir.cluster");
    Config local = ConfigFactory.parseString("pekko.actor.provider = local");
    system = ActorSystem.create("weir", local.withFallback(FabricSettings.from(cluster).system()));
    serialization = SerializationExtension.get(system);
    ActorRef<NodeMessage> node = Adapter.toTyped(system.deadLetters());
    ActorRef<KeeperCommand> keeper = Adapter.toTyped(system.deadLetters());
    samples = samples(node, keeper);
    golden = golden();
  }

  @AfterAll
  void stop() {
    system.terminate();
  }

  private static Map<String, FleetMessage> samples(
      ActorRef<NodeMessage> node, ActorRef<KeeperCommand> keeper) {
    Map<String, FleetMessage> all = new LinkedHashMap<>();
    KeeperCommand.Seen seen = new KeeperCommand.Seen(tag(), 2000);
    NodeId n1 = new NodeId("n1");
    all.put("ask", ask(node, Question.Intent.LOOK, List.of(), VariantKey.NONE, null, true));
    all.put(
        "ask-seen", ask(node, Question.Intent.VALIDATE, List.of("accept"), VARIANT, seen, false));
    all.put("started", new KeeperCommand.Started(GRANT));
    all.put(
        "headed",
        new KeeperCommand.Headed(
            GRANT, KeeperCommand.Fate.STORE, List.of("accept"), VARIANT, true));
    all.put("progress", new KeeperCommand.Progress(GRANT, 1L << 40, null));
    all.put(
        "progress-headed",
        new KeeperCommand.Progress(
            GRANT, 1L << 40, new KeeperCommand.Place(List.of("accept"), VARIANT)));
    KeeperCommand.Progress awaited = new KeeperCommand.Progress(GRANT, 1L << 40, null, true);
    all.put("progress-awaited", awaited);
    all.put(
        "progress-awaited-variant",
        new KeeperCommand.Progress(
            GRANT, 0, new KeeperCommand.Place(List.of("accept"), VARIANT), true));
    all.put("runs", new KeeperCommand.Runs(n1, List.of(awaited)));
    all.put("commit", new KeeperCommand.Commit(9, node, GRANT, CHUNKED, List.of("accept")));
    all.put(
        "commit-held", new KeeperCommand.Commit(9, node, GRANT, CHUNKED, List.of("accept"), true));
    Entry listed = entry(VARIANT, new Body.Listed(1L << 40, 105L << 20, CHUNK));
    all.put("commit-listed", new KeeperCommand.Commit(9, node, GRANT, listed, List.of("accept")));
    all.put("commit-inline", new KeeperCommand.Commit(9, node, GRANT, INLINE, List.of()));
    all.put("ended", new KeeperCommand.Ended(GRANT, "abandoned"));
    all.put("invalidate", new KeeperCommand.Invalidate(9, node));
    all.put("invalidate-lasting", new KeeperCommand.Invalidate(9, node, true));
    all.put("drop", new KeeperCommand.Drop(9, node, VARIANT, tag()));
    all.put(
        "orphaned",
        new KeeperCommand.Orphaned(9, node, n1, GRANT, List.of("accept"), VARIANT, 1L << 40));
    all.put("revoked", new KeeperCommand.Revoked(n1, 8));
    all.put("ping", new KeeperCommand.Ping(9, node));
    all.put("acked", new NodeMessage.Acked(9));
    all.put("answered-stored", new NodeMessage.Answered(9, new Answer.Stored(LEASE)));
    all.put("answered-lead", new NodeMessage.Answered(9, new Answer.Lead(GRANT, true)));
    all.put("answered-validate", new NodeMessage.Answered(9, new Answer.Validate(GRANT, INLINE)));
    all.put("answered-follow", new NodeMessage.Answered(9, new Answer.Follow(tag(), n1)));
    all.put("answered-varies", new NodeMessage.Answered(9, new Answer.Varies(List.of("accept"))));
    all.put("answered-alone", new NodeMessage.Answered(9, new Answer.Alone("store")));
    all.put("renewed", new NodeMessage.Renewed(LEASE));
    all.put("revoke", new NodeMessage.Revoke(KEY, 7, 8, keeper));
    all.put("committed", new NodeMessage.Committed(9, INLINE));
    all.put("committed-parts", new NodeMessage.Committed(9, PARTS));
    all.put("discarded", new NodeMessage.Discarded(9, "epoch"));
    all.put("done", new NodeMessage.Done(9, true));
    all.put("succeeded-lead", new NodeMessage.Succeeded(9, GRANT, null, ""));
    all.put("succeeded-follow", new NodeMessage.Succeeded(9, null, n1, ""));
    all.put("released", new NodeMessage.Released(tag()));
    all.put(
        "origin-news",
        new NodeMessage.OriginNews(
            List.of(
                new NodeMessage.About("https://a.example", "opened", 30_000, true, "slow", 0),
                new NodeMessage.About("b.example", "banned", 0, false, "", 1_700_000_000_000L))));
    all.put("what-runs", new NodeMessage.WhatRuns(KEY, keeper));
    all.put("read-rules", new NodeMessage.ReadRules("1-a"));
    all.put("lease", LEASE);
    return all;
  }

  private static KeeperCommand.Ask ask(
      ActorRef<NodeMessage> node,
      Question.Intent intent,
      List<String> vary,
      VariantKey variant,
      KeeperCommand.Seen seen,
      boolean mayWait) {
    return new KeeperCommand.Ask(9, node, new NodeId("n1"), intent, vary, variant, seen, mayWait);
  }

  private static Map<String, String> golden() throws IOException {
    try (InputStream in = FleetMessagesTest.class.getResourceAsStream(GOLDEN)) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .map(line -> line.split(" ", 2))
          .collect(
              Collectors.toMap(line -> line[0], line -> line[1], (a, b) -> b, LinkedHashMap::new));
    }
  }

  static Stream<String> names() {
    return samples(null, null).keySet().stream();
  }

  private byte[] written(FleetMessage message) {
    return serialization.serialize(message).get();
  }

  private Object read(FleetMessage like, byte[] bytes) {
    Serializer serializer = serialization.findSerializerFor(like);
    String manifest = Serializers.manifestFor(serializer, like);
    return serialization.deserialize(bytes, serializer.identifier(), manifest).get();
  }

  @ParameterizedTest
  @MethodSource("names")
  void isReadBackAsItWasWritten(String name) {
    // Given
    FleetMessage message = samples.get(name);

    // When
    Object back = read(message, written(message));

    // Then
    assertThat(serialization.findSerializerFor(message).getClass().getSimpleName())
        .isEqualTo("JacksonCborSerializer");
    assertThat(back).isEqualTo(message);
  }

  @ParameterizedTest
  @MethodSource("names")
  void isWrittenAndReadAsTheGoldenBytes(String name) {
    // Given
    FleetMessage message = samples.get(name);
    String expected = golden.getOrDefault(name, "");

    // When
    String hex = HexFormat.of().formatHex(written(message));

    // Then
    assertThat(name + " " + hex).isEqualTo(name + " " + expected);
    assertThat(read(message, HexFormat.of().parseHex(expected))).isEqualTo(message);
  }

  @Test
  void everyMessageThatCrossesNodesHasASample() {
    // Given
    Set<String> sampled = new TreeSet<>();
    Set<String> answers = new HashSet<>();
    samples.values().forEach(message -> sampled.add(message.getClass().getName()));
    samples
        .values()
        .forEach(
            message -> {
              if (message instanceof NodeMessage.Answered(long id, Answer answer)) {
                answers.add(answer.getClass().getName());
              }
            });

    // When
    Set<String> crossing =
        Stream.of(KeeperCommand.class, NodeMessage.class)
            .flatMap(family -> Arrays.stream(family.getPermittedSubclasses()))
            .filter(FleetMessage.class::isAssignableFrom)
            .map(Class::getName)
            .collect(Collectors.toCollection(TreeSet::new));
    crossing.add(Lease.class.getName());

    // Then
    assertThat(sampled).isEqualTo(crossing);
    assertThat(answers)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(Answer.class.getPermittedSubclasses()).map(Class::getName).toList());
  }

  @ParameterizedTest
  @MethodSource("names")
  void aFieldOfALaterVersionIsIgnored(String name) throws IOException {
    // Given
    FleetMessage message = samples.get(name);
    ObjectMapper cbor = new ObjectMapper(new CBORFactory());
    ObjectNode tree = (ObjectNode) cbor.readTree(written(message));
    tree.put("addedLater", "x");

    // When
    Object back = read(message, cbor.writeValueAsBytes(tree));

    // Then
    assertThat(back).isEqualTo(message);
  }
}
