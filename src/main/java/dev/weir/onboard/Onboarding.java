package dev.weir.onboard;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.tls.CertificateAuthority;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Answers for the hosts that exist only inside the proxy, whatever port or scheme they are asked
 * by. Pure: the same request gives the same response.
 */
public final class Onboarding {
  private static final String OWN_HOST = "weir.internal";
  private static final String CUSTOMARY_HOST = "mitm.it";
  private static final Set<String> HOSTS = Set.of(OWN_HOST, CUSTOMARY_HOST);

  private static final String HTML = "text/html; charset=utf-8";
  private static final String CERTIFICATE = "application/x-x509-ca-cert";

  /** The page needs nothing but its own style; nothing may frame it or run in it. */
  private static final String CONTENT_POLICY =
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

  private final CertificateAuthority ca;
  private final OnboardSettings settings;
  private final ProxyEnvScript script;
  private final Template page = Template.load("page.html");
  private final Template message = Template.load("message.html");

  public Onboarding(CertificateAuthority ca, OnboardSettings settings) {
    this.ca = ca;
    this.settings = settings;
    this.script = new ProxyEnvScript(ca, settings);
  }

  /** Whether requests for this host are answered here; the edge must not look it up. */
  public static boolean isOnboardHost(String host) {
    return HOSTS.contains(Authority.withoutDot(host));
  }

  /**
   * The response, as soon as it is made, or empty if the request is for a host of the outside.
   *
   * @param local the address the request came in by, shown as the proxy's where the settings have
   *     none
   */
  public Optional<CompletionStage<OnboardResponse>> answer(
      RequestHead request, @Nullable InetSocketAddress local) {
    String host = request.authority().host();
    if (!isOnboardHost(host)) {
      return Optional.empty();
    }
    CompletionStage<OnboardResponse> response =
        request.isGet() || request.isHead()
            ? content(host, path(request.target()), proxy(local))
            : CompletableFuture.completedFuture(notAllowed());
    return Optional.of(request.isHead() ? response.thenApply(Onboarding::headOnly) : response);
  }

  private ProxyAddress proxy(@Nullable InetSocketAddress local) {
    return settings.publicProxyUrl().isEmpty()
        ? ProxyAddress.of(local)
        : ProxyAddress.parse(settings.publicProxyUrl());
  }

  private static String path(String target) {
    int query = target.indexOf('?');
    return query < 0 ? target : target.substring(0, query);
  }

  private CompletionStage<OnboardResponse> content(String host, String path, ProxyAddress proxy) {
    // The other host's well-known path for the certificate; images and scripts already use it.
    String file = isCustomary(host) && "/cert/pem".equals(path) ? "/ca.pem" : path;
    return switch (file) {
      case "/ca.p12" ->
          ca.pkcs12().thenApply(store -> file("weir-ca.p12", "application/x-pkcs12", store));
      case "/proxy-env", "/proxy-env.sh" ->
          script
              .render(proxy)
              .thenApply(text -> ok("text/plain; charset=utf-8", ascii(text), Headers.EMPTY));
      default -> CompletableFuture.completedFuture(atHand(file, proxy));
    };
  }

  private OnboardResponse atHand(String path, ProxyAddress proxy) {
    return switch (path) {
      case "/", "/index.html" -> html(200, "OK", page(proxy), Headers.EMPTY);
      case "/ca.pem" -> file("weir-ca.pem", CERTIFICATE, ascii(ca.pem()));
      case "/ca.der" -> file("weir-ca.der", CERTIFICATE, ca.der());
      default ->
          html(
              404,
              "Not Found",
              message.fill(
                  Map.of(
                      "TITLE", "No such page",
                      "TEXT", "This host exists only inside the Weir proxy and has no such page.")),
              Headers.EMPTY);
    };
  }

  private static boolean isCustomary(String host) {
    return host.startsWith(CUSTOMARY_HOST);
  }

  private OnboardResponse notAllowed() {
    String text =
        message.fill(
            Map.of("TITLE", "Not allowed", "TEXT", "Only GET and HEAD are answered here."));
    return html(405, "Method Not Allowed", text, Headers.of("Allow", "GET, HEAD"));
  }

  private String page(ProxyAddress proxy) {
    String javaOptions =
        "-Djavax.net.ssl.trustStore=$HOME/.weir/truststore.p12"
            + " -Djavax.net.ssl.trustStorePassword=changeit "
            + script.javaProxy(proxy);
    return page.fill(
        Map.of(
            "PROXY_URL", escape(proxy.shown()),
            "FINGERPRINT", ca.fingerprint(),
            "JAVA_OPTIONS", escape(javaOptions.strip()),
            "NO_PROXY", escape(script.noProxy())));
  }

  private static OnboardResponse file(String name, String type, byte[] body) {
    return ok(
        type, body, Headers.of("Content-Disposition", "attachment; filename=\"" + name + "\""));
  }

  private static OnboardResponse ok(String type, byte[] body, Headers more) {
    return response(200, "OK", type, body, more);
  }

  private static OnboardResponse html(int status, String reason, String text, Headers more) {
    return response(
        status,
        reason,
        HTML,
        text.getBytes(StandardCharsets.UTF_8),
        more.plus("Content-Security-Policy", CONTENT_POLICY));
  }

  /** Never stored: the CA and the addresses are those of this proxy at this moment. */
  private static OnboardResponse response(
      int status, String reason, String type, byte[] body, Headers more) {
    Headers headers =
        Headers.builder()
            .add("Content-Type", type)
            .add("Cache-Control", "no-store")
            .add("X-Content-Type-Options", "nosniff")
            .addAll(more)
            .build();
    return new OnboardResponse(new ResponseHead(status, reason, headers), body);
  }

  /** RFC 9110 9.3.2: the same fields, no content; Content-Length is told as GET would have it. */
  private static OnboardResponse headOnly(OnboardResponse response) {
    ResponseHead head = response.head();
    String length = Integer.toString(response.body().length);
    return new OnboardResponse(
        head.withHeaders(head.headers().with("Content-Length", length)), new byte[0]);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }
}
