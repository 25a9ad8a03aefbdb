package dev.weir.edge;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;

/** The first record of a TLS client. */
final class ClientHellos {
  private ClientHellos() {}

  /** As the JDK makes it, for that server name. */
  static byte[] of(String serverName) throws GeneralSecurityException, SSLException {
    SSLEngine engine = SSLContext.getDefault().createSSLEngine();
    engine.setUseClientMode(true);
    var parameters = engine.getSSLParameters();
    parameters.setServerNames(List.of(new SNIHostName(serverName)));
    engine.setSSLParameters(parameters);
    byte[] record = new byte[32 * 1024];
    int length = engine.wrap(ByteBuffer.allocate(0), ByteBuffer.wrap(record)).bytesProduced();
    return Arrays.copyOf(record, length);
  }
}
