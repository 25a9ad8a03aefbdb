package dev.weir.tls;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Settings as shipped, and the command-line tools the tests compare against. */
final class TlsFixtures {
  private TlsFixtures() {}

  static TlsCaSettings settings() {
    return settings("");
  }

  /** The defaults with some lines of HOCON over them. */
  static TlsCaSettings settings(String overrides) {
    Config defaults = ConfigFactory.parseResources("reference/tls.conf").resolve();
    return TlsCaSettings.from(
        ConfigFactory.parseString("weir.tls {" + overrides + "}")
            .withFallback(defaults)
            .getConfig("weir.tls"));
  }

  /** What a command printed (both streams) and its exit code. */
  record Ran(int code, String output) {}

  static Ran run(Path directory, List<String> command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException("did not end: " + command);
    }
    return new Ran(process.exitValue(), output);
  }

  static Ran openssl(Path directory, String arguments) throws IOException, InterruptedException {
    return run(directory, List.of("sh", "-c", "openssl " + arguments));
  }
}
