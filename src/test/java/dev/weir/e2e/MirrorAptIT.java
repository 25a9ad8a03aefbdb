package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.testing.Answer;
import dev.weir.testing.Command;
import dev.weir.testing.Curl;
import dev.weir.testing.DebRepository;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.Seen;
import dev.weir.testing.WeirProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The apt of the distribution at a mount, with folders, keys and settings of its own. */
class MirrorAptIT {
  @TempDir private Path folder;

  @Test
  void aptUpdatesAndDownloadsThroughAMountTheLastTimeWithoutTheArchive() throws Exception {
    // Given
    assumeTrue(Command.isThere("apt-get"), "apt-get is not on the path");
    for (String program : DebRepository.PROGRAMS) {
      assumeTrue(Command.isThere(program), program + " is not on the path");
    }
    DebRepository archive = DebRepository.make(folder);
    Path rules = folder.resolve("rules.conf");
    try (OriginServer origin = OriginServer.start()) {
      archive.serveAt(origin, "/debian/");
      Files.writeString(
          rules, "mounts = [ { name = deb, path = /deb/, to = \"" + origin.url("/debian/\" } ]"));
      try (WeirProcess weir =
          WeirProcess.start(
              folder.resolve("data"),
              "256m",
              "--mode=mirror",
              "--mirror-hosts=none",
              "--policy-file=" + rules,
              "--health-port=0")) {
        origin.on("/debian/a.deb", seen -> Answer.text(200, "here", "Cache-Control", "max-age=60"));
        untilKept(weir, "a.deb");

        // When
        Client first = new Client(archive, weir, "first");
        first.updatesAndDownloads();
        List<Seen> asked = origin.seen();
        for (String path : archive.files().keySet()) {
          untilKept(weir, path);
        }
        origin.reset();
        Client second = new Client(archive, weir, "second");
        second.updatesAndDownloads();
        List<Seen> askedAgain = origin.seen();
        second.updatesAndDownloads();
        origin.refuse();
        Client third = new Client(archive, weir, "third");
        third.updatesAndDownloads();

        // Then
        byte[] made = archive.files().get(archive.packagePath());
        for (Client one : List.of(first, second, third)) {
          assertThat(one.downloaded()).isEqualTo(made);
        }
        assertThat(asked.stream().filter(Seen::isPlainGet).map(Seen::path))
            .containsOnlyOnceElementsOf(
                archive.files().keySet().stream().map(path -> "/debian/" + path).toList());
        assertThat(askedAgain).isNotEmpty().allMatch(Seen::isConditional);
      }
    }
  }

  private static void untilKept(WeirProcess weir, String path) throws Exception {
    Curl curl = new Curl("");
    Eventually.holds(() -> curl.fetch(weir.proxyUrl() + "/deb/" + path).isHit());
  }

  /** One machine's apt, which has never asked anybody. */
  private final class Client {
    private final Path home;

    Client(DebRepository archive, WeirProcess weir, String name) throws Exception {
      home = Files.createDirectories(folder.resolve(name));
      for (String one :
          List.of(
              "etc/preferences.d",
              "etc/apt.conf.d",
              "state/lists/partial",
              "cache/archives/partial",
              "log")) {
        Files.createDirectories(home.resolve(one));
      }
      Files.createFile(home.resolve("status"));
      Files.writeString(
          home.resolve("etc/sources.list"),
          "deb [signed-by=%s] %s/deb stable main\n".formatted(archive.key(), weir.proxyUrl()));
      Files.writeString(
          home.resolve("apt.conf"),
          """
          Dir::Etc "%1$s/etc";
          Dir::Etc::Trusted "%1$s/none.gpg";
          Dir::Etc::TrustedParts "%1$s/none.d";
          Dir::State "%1$s/state";
          Dir::State::status "%1$s/status";
          Dir::Cache "%1$s/cache";
          Dir::Log "%1$s/log";
          APT::Architecture "amd64";
          APT::Architectures { "amd64"; };
          APT::Sandbox::User "root";
          Acquire::Languages "none";
          Acquire::Retries "0";
          Acquire::http::Proxy "DIRECT";
          """
              .formatted(home));
    }

    void updatesAndDownloads() throws Exception {
      Files.deleteIfExists(deb());
      apt("--error-on=any", "update");
      apt("download", DebRepository.PACKAGE);
    }

    private void apt(String... words) throws Exception {
      List<String> all = new ArrayList<>(List.of("apt-get", "--quiet=2"));
      all.addAll(List.of(words));
      Command.Ended ended =
          Command.of(all).in(home).with("APT_CONFIG", home.resolve("apt.conf").toString()).run();
      assertThat(ended.exitCode()).as(ended.err() + ended.out()).isZero();
    }

    byte[] downloaded() throws Exception {
      return Files.readAllBytes(deb());
    }

    private Path deb() {
      return home.resolve("weir-demo_1.0_all.deb");
    }
  }
}
