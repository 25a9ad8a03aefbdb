package dev.weir.onboard;

import dev.weir.tls.CertificateAuthority;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The shell script that sets up a client: a template whose only variable parts are single-quoted
 * strings, so no setting can become a command.
 */
final class ProxyEnvScript {
  /**
   * Loopback names, the metadata services of EC2 and ECS, and what is paid for by direct access.
   */
  private static final List<String> DIRECT =
      List.of(
          "localhost", "127.0.0.1", "::1", "169.254.169.254", "169.254.170.2", ".amazonaws.com");

  /** What Java's nonProxyHosts can express; address ranges are not among it. */
  private static final Pattern JAVA_HOST = Pattern.compile("[A-Za-z0-9.*_-]+");

  private final Template template = Template.load("proxy-env.sh");
  private final CertificateAuthority ca;
  private final List<String> noProxy;

  ProxyEnvScript(CertificateAuthority ca, OnboardSettings settings) {
    this.ca = ca;
    List<String> direct = new ArrayList<>(DIRECT);
    if (!settings.s3Host().isEmpty()) {
      direct.add(settings.s3Host());
    }
    direct.addAll(settings.noProxyExtra());
    this.noProxy = direct.stream().distinct().toList();
  }

  String noProxy() {
    return String.join(",", noProxy);
  }

  CompletionStage<String> render(ProxyAddress proxy) {
    return ca.pkcs12().thenApply(trustStore -> render(proxy, trustStore));
  }

  private String render(ProxyAddress proxy, byte[] trustStore) {
    String pem = ca.pem();
    return template.fill(
        Map.of(
            "PROXY_URL", quote(proxy.url()),
            "PROXY_SHOWN", quote(proxy.shown()),
            "JAVA_PROXY", quote(javaProxy(proxy)),
            "NO_PROXY", quote(noProxy()),
            "CA_ID", quote(ca.fingerprint().replace(":", "")),
            "CA_LINE", quote(signatureLine(pem)),
            "CA_PEM", quote(pem),
            "CA_P12",
                quote(Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(trustStore))));
  }

  /** Java's own options, since no JVM reads the proxy variables; empty if it could not use them. */
  String javaProxy(ProxyAddress proxy) {
    if (proxy.tls()) {
      return "";
    }
    String direct =
        Stream.concat(Stream.of("localhost", "127.*", "[::1]"), noProxy.stream().skip(3))
            .filter(host -> "[::1]".equals(host) || JAVA_HOST.matcher(host).matches())
            .map(host -> host.startsWith(".") ? "*" + host : host)
            .distinct()
            .collect(Collectors.joining("|"));
    return Stream.of("http", "https")
            .map(
                scheme ->
                    "-D"
                        + scheme
                        + ".proxyHost="
                        + proxy.host()
                        + " -D"
                        + scheme
                        + ".proxyPort="
                        + proxy.port())
            .collect(Collectors.joining(" "))
        + " -Dhttp.nonProxyHosts="
        + direct;
  }

  /** A full line from the certificate's signature: no other certificate has it. */
  private static String signatureLine(String pem) {
    List<String> lines = pem.lines().filter(line -> line.length() == 64).toList();
    return lines.getLast();
  }

  /** One word of POSIX shell (2.2.2). */
  static String quote(String value) {
    return "'" + value.replace("'", "'\\''") + "'";
  }
}
