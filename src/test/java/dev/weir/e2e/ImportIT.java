package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.http.Sha224;
import dev.weir.testing.Answer;
import dev.weir.testing.Command;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.S3Server;
import dev.weir.testing.SearchServer;
import dev.weir.testing.WeirProcess;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code weir import} as operators run it, from a real index and bucket into real ones. */
@Tag("stores")
class ImportIT {
  private static final int CHUNK = 1 << 20;
  private static final String ETAG = "\"one\"";

  private final Random random = new Random(5);
  private final String source = "passsage_" + UUID.randomUUID();
  private final String index = "moved_" + UUID.randomUUID();
  private final byte[] large = new byte[9 * CHUNK + 100];
  private final byte[] small = "a small body".getBytes(StandardCharsets.US_ASCII);
  @TempDir private Path folder;
  private SearchServer search;
  private S3Server s3;
  private OriginServer origin;

  @BeforeEach
  void start() throws Exception {
    search = SearchServer.of(SearchServer.Flavour.ELASTICSEARCH);
    s3 = S3Server.start(Files.createDirectories(folder.resolve("s3")), "source", "weir");
    origin = OriginServer.start();
    random.nextBytes(large);
    for (String path : List.of("/large", "/small", "/hole", "/mine")) {
      origin.on(
          path,
          seen ->
              ETAG.equals(seen.header("If-None-Match"))
                  ? Answer.of(
                      304, Headers.of("ETag", ETAG, "Cache-Control", "max-age=600"), new byte[0])
                  : Answer.text(200, "fetched", "ETag", ETAG, "Cache-Control", "max-age=600"));
    }
    origin.on("/warm", seen -> Answer.text(200, "warm", "Cache-Control", "max-age=600"));
    search.call(
        "PUT",
        source,
        """
        {"settings":{"number_of_shards":2,"number_of_replicas":0},"mappings":{"dynamic":false,
        "properties":{"url":{"type":"keyword"},"stored_at":{"type":"date"},
        "headers":{"type":"object","enabled":false},
        "manifest_b64":{"type":"keyword","index":false,"doc_values":false}}}}\
        """);
  }

  @AfterEach
  void stop() throws Exception {
    origin.close();
    s3.close();
    for (String each : List.of(source, index, index + "_access", index + "_notes")) {
      search.call("DELETE", each, "");
    }
  }

  /** Chunks into the bucket, the document into the index. */
  private List<Path> hold(String path, byte[] body, String directives) throws Exception {
    List<Path> chunks = new ArrayList<>();
    int count = (body.length + CHUNK - 1) / CHUNK;
    ByteBuffer manifest =
        ByteBuffer.allocate(26 + 16 * count)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put("XS3M".getBytes(StandardCharsets.US_ASCII))
            .put((byte) 1)
            .put((byte) 2)
            .putLong(CHUNK)
            .putLong(body.length)
            .putInt(count);
    for (int i = 0; i < count; i++) {
      byte[] name = new byte[16];
      random.nextBytes(name);
      manifest.put(name);
      String hex = HexFormat.of().formatHex(name);
      Path file =
          folder.resolve(
              "s3/objects/source/data/%c/%c/%c/%c/%s"
                  .formatted(hex.charAt(0), hex.charAt(1), hex.charAt(2), hex.charAt(3), hex));
      Files.createDirectories(file.getParent());
      Files.write(
          file, Arrays.copyOfRange(body, i * CHUNK, Math.min(body.length, (i + 1) * CHUNK)));
      chunks.add(file);
    }
    String url = origin.url(path);
    String id = "http/127.0.0.1/" + Sha224.hex(url);
    search.call(
        "PUT",
        source + "/_doc/" + id.replace("/", "%2F") + "?refresh=true",
        """
        {"status_code":200,"stored_at":"2026-03-01T12:00:00.123456+00:00",
         "last_access":"2026-03-02T13:14:15.000001+00:00","url":"%s","extension":"",
         "headers":{"etag":"\\"one\\"","content-type":"application/octet-stream",
         "cache-control":"%s","content-length":"%d"},
         "doc_type":"metadata","content_size":%d,"manifest_b64":"%s"}\
        """
            .formatted(
                url,
                directives,
                body.length,
                body.length,
                Base64.getEncoder().encodeToString(manifest.array())));
    return chunks;
  }

  private String[] stores(Path config) {
    return new String[] {
      "--config=" + config,
      "--s3-bucket=weir",
      "--s3-region=us-east-1",
      "--s3-endpoint=" + s3.endpoint(),
      "--elasticsearch-url=" + search.url(),
      "--elasticsearch-meta-index=" + index,
      "--elasticsearch-shards=1",
      "--elasticsearch-replicas=0"
    };
  }

  private Command.Ended move(String[] into, String... more) throws Exception {
    List<String> words =
        new ArrayList<>(
            List.of(
                "import",
                "--source-elasticsearch-url=" + search.url(),
                "--source-index=" + source,
                "--source-bucket=source",
                "--source-endpoint=" + s3.endpoint(),
                "--source-region=us-east-1"));
    words.addAll(List.of(into));
    words.addAll(List.of(more));
    return WeirProcess.run(words.toArray(String[]::new));
  }

  private Path patient() throws Exception {
    return Files.writeString(
        folder.resolve("weir.conf"), "weir.store.elasticsearch.reads.timeout = 1s\n");
  }

  private void assertServed(ProxyClient client, String path, byte[] body) throws Exception {
    ProxyClient.Response first = client.get(origin.url(path));
    assertThat(first.status()).isEqualTo(200);
    assertThat(first.body()).isEqualTo(body);
    assertThat(client.untilHit(origin.url(path)).body()).isEqualTo(body);
    // More than one if the refresh was not committed yet; but never the body again.
    assertThat(origin.seen(path)).allMatch(seen -> seen.isConditional());
  }

  @Test
  void whatWasMovedIsServedAfterOneValidationAndNeverFetched() throws Exception {
    // Given
    hold("/large", large, "max-age=31536000, public");
    hold("/small", small, "max-age=31536000, public");
    hold("/mine", small, "private");
    Files.delete(hold("/hole", Arrays.copyOf(large, 2 * CHUNK), "max-age=60").getLast());
    long objects = s3.objects("source").size();
    String[] stores = stores(patient());

    // When
    Command.Ended looked = move(stores, "--dry-run");
    Command.Ended some = move(stores, "--limit=1");
    Command.Ended moved = move(stores);
    Command.Ended again = move(stores);

    // Then
    assertThat(looked.exitCode()).as(looked.out() + looked.err()).isZero();
    assertThat(looked.out())
        .contains("3  entries would be moved", "1  left out: Cache-Control: private");
    assertThat(some.exitCode()).as(some.out() + some.err()).isZero();
    assertThat(moved.exitCode()).as(moved.out() + moved.err()).isZero();
    assertThat(moved.out()).contains("1  left out: a chunk is missing");
    assertThat(again.exitCode()).as(again.out() + again.err()).isZero();
    assertThat(again.out())
        .contains("4  documents looked at", "0  entries moved", "2  left out: something is stored");
    assertThat(s3.objects("source")).hasSize((int) objects);
    assertThat(origin.seen()).isEmpty();

    // When a node serves it
    try (WeirProcess node =
        WeirProcess.start(
            folder.resolve("node"),
            "256m",
            concat(stores, "--allow-destinations=127.0.0.0/8", "--health-port=0"))) {
      ProxyClient client = new ProxyClient(node.address());

      // Then
      client.untilHit(origin.url("/warm"));
      assertServed(client, "/large", large);
      assertServed(client, "/small", small);
      assertThat(new String(client.get(origin.url("/mine")).body(), StandardCharsets.US_ASCII))
          .isEqualTo("fetched");
    }
  }

  @Test
  void itMovesIntoADataFolderToo() throws Exception {
    // Given
    hold("/large", large, "max-age=31536000, public");
    hold("/small", small, "max-age=31536000, public");
    String data = "--data-dir=" + folder.resolve("node");

    // When
    Command.Ended moved = move(new String[] {data});

    // Then
    assertThat(moved.exitCode()).as(moved.out() + moved.err()).isZero();
    assertThat(moved.out()).contains("2  entries moved");
    try (WeirProcess node =
        WeirProcess.start(
            folder.resolve("node"),
            "256m",
            "--allow-destinations=127.0.0.0/8",
            "--health-port=0")) {
      ProxyClient client = new ProxyClient(node.address());
      assertServed(client, "/large", large);
      assertServed(client, "/small", small);

      // When the node has the folder
      Command.Ended refused = move(new String[] {data});

      // Then
      assertThat(refused.exitCode()).isEqualTo(2);
      assertThat(refused.err()).contains("stop it while entries move in");
    }
  }

  @Test
  void aSourceThatIsNotThereIsOneSentence() throws Exception {
    // When
    Command.Ended ended =
        move(
            new String[] {"--data-dir=" + folder.resolve("node"), "--source-prefix=x"},
            "--limit=x");

    // Then
    assertThat(ended.exitCode()).isNotZero();
    assertThat(ended.err()).hasLineCount(1);
  }

  private static String[] concat(String[] first, String... more) {
    List<String> all = new ArrayList<>(List.of(first));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }
}
