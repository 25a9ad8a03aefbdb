package dev.weir.tls;

import java.net.Socket;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Verifies nothing: for origins of a rule that says {@code insecure}, and no others. */
final class TrustAnyOrigin extends X509ExtendedTrustManager {
  @Override
  public void checkServerTrusted(
      X509Certificate[] chain, String authType, @Nullable SSLEngine engine) {
    // As the rule wants it.
  }

  @Override
  public void checkServerTrusted(
      X509Certificate[] chain, String authType, @Nullable Socket socket) {
    // As the rule wants it.
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType) {
    // As the rule wants it.
  }

  @Override
  public void checkClientTrusted(
      X509Certificate[] chain, String authType, @Nullable SSLEngine engine) {
    throw new IllegalStateException("clients are not verified here");
  }

  @Override
  public void checkClientTrusted(
      X509Certificate[] chain, String authType, @Nullable Socket socket) {
    throw new IllegalStateException("clients are not verified here");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType) {
    throw new IllegalStateException("clients are not verified here");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
