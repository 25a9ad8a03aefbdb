package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.testing.Answer;
import dev.weir.testing.Command;
import dev.weir.testing.Curl;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.TestCa;
import dev.weir.testing.WeirProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A clean shell, one command, and then curl, Node and Java fetch through Weir as they stand. */
class OnboardingIT {
  /** A name that no NO_PROXY lists; only Weir can look it up, in a hosts file of its own. */
  private static final String HOST = "packages.test";

  @TempDir private static Path folder;
  private static OriginServer origin;
  private static WeirProcess weir;
  private static Curl curl;

  @BeforeAll
  static void start() throws Exception {
    TestCa authority = new TestCa("Origins of tests");
    origin = OriginServer.start(authority.sockets(HOST));
    origin.on("/body", seen -> Answer.text(200, "the body\n", "Cache-Control", "max-age=3600"));
    Path hosts = Files.writeString(folder.resolve("hosts"), "127.0.0.1 " + HOST + "\n");
    Path config =
        Files.writeString(
            folder.resolve("weir.conf"),
            "weir.edge.connect-ports = [443, " + origin.port() + "]\n");
    weir =
        WeirProcess.startWith(
            List.of("-Djdk.net.hosts.file=" + hosts),
            folder.resolve("data"),
            "256m",
            "--config=" + config,
            "--upstream-ca=" + authority.pem(folder),
            "--allow-destinations=" + HOST,
            "--health-port=0");
    curl = new Curl(weir.proxyUrl(), "-k");
  }

  @AfterAll
  static void stop() {
    weir.close();
    origin.close();
  }

  @Test
  void curlAfterSourcingTheScriptInBash() throws Exception {
    // Given
    assumeTrue(Command.isThere("bash"), "bash is not on the path");
    Path home = home("bash");
    String url = url("/body?client=bash");

    // When
    Command.Ended ended =
        shell(
            home,
            "bash",
            "set -eu; . <(curl -q -sSx %s http://weir.internal/proxy-env) --no-certificate"
                    .formatted(weir.proxyUrl())
                + "; curl -q -sS '%s'; sleep 0.3; curl -q -sSi '%s'".formatted(url, url));

    // Then
    assertThat(ended.exitCode()).as(ended.err()).isZero();
    assertThat(ended.out()).startsWith("the body\n").contains("Cache-Status: weir;hit");
    assertThat(origin.count("/body", seen -> seen.target().endsWith("bash"))).isEqualTo(1);
    assertThat(home.resolve(".weir/proxy-env.sh")).exists();
  }

  @Test
  void curlAfterRunningTheScriptInSh() throws Exception {
    // Given
    Path home = home("sh");
    script(home);

    // When
    Command.Ended ended =
        shell(
            home,
            "sh",
            "sh ./proxy-env.sh --no-certificate && . ~/.weir/proxy-env.sh && curl -q -sS '%s'"
                .formatted(url("/body?client=sh")));

    // Then
    assertThat(ended.exitCode()).as(ended.err()).isZero();
    assertThat(ended.out()).isEqualTo("the body\n");
  }

  @Test
  void nodeTrustsWhatTheScriptInstalled() throws Exception {
    // Given
    assumeTrue(Command.isThere("node"), "node is not on the path");
    Path home = home("node");
    script(home);
    Files.writeString(home.resolve("fetch.js"), NODE_CLIENT);
    String url = url("/body?client=node");

    // When
    Command.Ended ended =
        shell(
            home, "sh", sourced() + "node fetch.js '%s' && node fetch.js '%s'".formatted(url, url));

    // Then
    assertThat(ended.exitCode()).as(ended.err()).isZero();
    assertThat(ended.out()).isEqualTo("200 the body\n200 the body\n");
    assertThat(origin.count("/body", seen -> seen.target().endsWith("node"))).isEqualTo(1);
  }

  @Test
  void javaTakesProxyAndTrustFromItsToolOptions() throws Exception {
    // Given
    Path home = home("java home with a space");
    script(home);
    Files.writeString(home.resolve("Fetch.java"), JAVA_CLIENT);
    String url = url("/body?client=java");

    // When
    Command.Ended ended =
        shell(
            home,
            "sh",
            sourced() + "java Fetch.java '%s' && curl -q -sSi '%s'".formatted(url, url));

    // Then
    assertThat(ended.exitCode()).as(ended.err()).isZero();
    assertThat(ended.out())
        .startsWith("200 the body\n200 the body\n")
        .contains("Cache-Status: weir;hit");
    assertThat(origin.count("/body", seen -> seen.target().endsWith("java"))).isEqualTo(1);
  }

  @Test
  void pagesOfTheHostsThatExistOnlyHere() throws Exception {
    for (String host : List.of("weir.internal", "mitm.it")) {
      for (String scheme : List.of("http", "https")) {
        // When
        ProxyClient.Response page = curl.fetch(scheme + "://" + host + "/");
        ProxyClient.Response script = curl.fetch(scheme + "://" + host + "/proxy-env");

        // Then
        assertThat(page.status()).isEqualTo(200);
        assertThat(page.header("Content-Type")).startsWith("text/html");
        assertThat(page.text()).contains("/ca.pem").contains(weir.proxyUrl());
        assertThat(script.header("Cache-Control")).contains("no-store");
        assertThat(script.text()).startsWith("#!/bin/sh");
      }
    }
    assertThat(curl.fetch("http://weir.internal/nothing").status()).isEqualTo(404);
    assertThat(curl.fetch("http://mitm.it/", "-X", "DELETE").status()).isEqualTo(405);
  }

  @Test
  void theCaIsTheSameEverywhereAndForEveryLaterProcess() throws Exception {
    // Given
    String data = "--data-dir=" + folder.resolve("data");
    String served = curl.fetch("http://weir.internal/ca.pem").text();

    // When
    Command.Ended exported = WeirProcess.run("ca", "export", data);
    Command.Ended again = WeirProcess.run("ca", "export", data);

    // Then
    assertThat(exported.exitCode()).as(exported.err()).isZero();
    assertThat(exported.out()).isEqualTo(served).startsWith("-----BEGIN CERTIFICATE-----");
    assertThat(again.out()).isEqualTo(served);
    assertThat(curl.fetch("http://mitm.it/cert/pem").text()).isEqualTo(served);
    Path key = folder.resolve("data/ca/ca.key");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
        .isEqualTo("rw-------");
  }

  @Test
  void leavesSatisfyStrictOpenSsl() throws Exception {
    // Given
    assumeTrue(Command.isThere("openssl"), "openssl is not on the path");
    Path ca = folder.resolve("strict-ca.pem");
    Files.write(ca, curl.fetch("http://weir.internal/ca.pem").body());

    // When
    Command.Ended ended =
        Command.of(
                "openssl",
                "s_client",
                "-proxy",
                "127.0.0.1:" + weir.port(),
                "-connect",
                HOST + ":" + origin.port(),
                "-servername",
                HOST,
                "-verify_hostname",
                HOST,
                "-x509_strict",
                "-verify_return_error",
                "-CAfile",
                ca.toString())
            .run();

    // Then
    assertThat(ended.exitCode()).as(ended.out() + ended.err()).isZero();
    assertThat(ended.out()).contains("Verify return code: 0 (ok)");
  }

  private static String url(String target) {
    return "https://" + HOST + ":" + origin.port() + target;
  }

  private static Path home(String name) throws Exception {
    return Files.createDirectories(folder.resolve(name));
  }

  private static void script(Path home) throws Exception {
    Files.write(
        home.resolve("proxy-env.sh"), curl.fetch("http://weir.internal/proxy-env.sh").body());
  }

  /** POSIX gives a sourced file the arguments of the shell that sources it. */
  private static String sourced() {
    return "set -eu; set -- --no-certificate; . ./proxy-env.sh; ";
  }

  private static Command.Ended shell(Path home, String shell, String commands) throws Exception {
    return Command.of(shell, "-c", commands).in(home).with("HOME", home.toString()).run();
  }

  private static final String NODE_CLIENT =
      """
      const http = require('http'), tls = require('tls');
      const url = new URL(process.argv[2]), proxy = new URL(process.env.HTTPS_PROXY);
      const authority = url.hostname + ':' + url.port;
      http.request({ host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: authority })
        .on('connect', (head, socket) => {
          const secure = tls.connect({ socket, servername: url.hostname }, () => {
            http.get({ createConnection: () => secure, path: url.pathname + url.search,
              headers: { Host: authority } }, response => {
              let text = '';
              response.on('data', piece => text += piece);
              response.on('end', () => {
                process.stdout.write(response.statusCode + ' ' + text);
                secure.destroy();
              });
            });
          });
        })
        .end();
      """;

  private static final String JAVA_CLIENT =
      """
      import java.net.*;
      import java.net.http.*;

      class Fetch {
        public static void main(String[] urls) throws Exception {
          URI uri = URI.create(urls[0]);
          HttpURLConnection old = (HttpURLConnection) uri.toURL().openConnection();
          System.out.print(old.getResponseCode() + " " + new String(old.getInputStream().readAllBytes()));
          Thread.sleep(300);
          HttpResponse<String> response = HttpClient.newHttpClient()
              .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
          System.out.print(response.statusCode() + " " + response.body());
        }
      }
      """;
}
