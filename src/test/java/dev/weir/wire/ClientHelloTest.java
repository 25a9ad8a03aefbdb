package dev.weir.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientHelloTest {

  /** A hello as the JDK makes it. */
  private static byte[] hello(String serverName) throws Exception {
    SSLEngine engine = SSLContext.getDefault().createSSLEngine();
    engine.setUseClientMode(true);
    var parameters = engine.getSSLParameters();
    if (!serverName.isEmpty()) {
      parameters.setServerNames(List.of(new SNIHostName(serverName)));
    }
    engine.setSSLParameters(parameters);
    byte[] record = new byte[32 * 1024];
    int length = engine.wrap(ByteBuffer.allocate(0), ByteBuffer.wrap(record)).bytesProduced();
    return Arrays.copyOf(record, length);
  }

  @Test
  void nameIsReadInLowerCase() throws Exception {
    assertThat(ClientHello.read(hello("Origin.TEST")))
        .isEqualTo(new ClientHello.Complete("origin.test"));
  }

  @Test
  void absentNameIsNull() throws Exception {
    assertThat(ClientHello.read(hello(""))).isEqualTo(new ClientHello.Complete(null));
  }

  @Test
  void everyPrefixIsIncomplete() throws Exception {
    byte[] hello = hello("origin.test");
    for (int length = 0; length < hello.length; length++) {
      assertThat(ClientHello.read(Arrays.copyOf(hello, length)))
          .as("%d bytes", length)
          .isEqualTo(new ClientHello.Incomplete());
    }
  }

  @Test
  void helloMaySpanRecords() throws Exception {
    // Given: the same message in records of 7 bytes
    byte[] hello = hello("origin.test");
    ByteBuffer split = ByteBuffer.allocate(hello.length * 2);
    for (int at = 5; at < hello.length; at += 7) {
      int part = Math.min(7, hello.length - at);
      split.put((byte) 22).put((byte) 3).put((byte) 1).putShort((short) part);
      split.put(hello, at, part);
    }

    // When / Then
    assertThat(ClientHello.read(Arrays.copyOf(split.array(), split.position())))
        .isEqualTo(new ClientHello.Complete("origin.test"));
  }

  /** Whatever a byte is changed to, reading ends and throws nothing. */
  @Test
  void damagedHellosNeverThrow() throws Exception {
    byte[] hello = hello("origin.test");
    for (int at = 0; at < hello.length; at++) {
      for (int value : new int[] {0, 1, 0x7f, 0x80, 0xff}) {
        byte[] damaged = hello.clone();
        damaged[at] = (byte) value;
        assertThat(ClientHello.read(damaged)).isNotNull();
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      value = {
        "'',UNDECIDED",
        "G,UNDECIDED",
        "GET,UNDECIDED",
        "'GET ',UNDECIDED",
        "GET /,HTTP",
        "GET http://x/,HTTP",
        "OPTIONS *,HTTP",
        "PURGE /x,HTTP",
        "PRI * HTTP/2.0,HTTP",
        "CONNECT,UNDECIDED",
        "'CONNECT ',CONNECT",
        "CONNECT a:1,CONNECT",
        "CONNECTS /,HTTP",
        "SSH-2.0-OpenSSH_9.2p1 Debian,OTHER",
        "EHLO mail.test,OTHER",
        "USER anonymous,OTHER",
        "GET\t/,OTHER",
        "get,UNDECIDED",
        "1abc,OTHER",
        "*1,OTHER"
      })
  void protocolIsToldFromTheFirstBytes(String text, Sniffer.Protocol expected) {
    byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
    assertThat(Sniffer.sniff(bytes, bytes.length)).isEqualTo(expected);
  }

  @Test
  void tlsIsToldByTwoBytes() {
    assertThat(Sniffer.sniff(new byte[] {22}, 1)).isEqualTo(Sniffer.Protocol.UNDECIDED);
    assertThat(Sniffer.sniff(new byte[] {22, 3}, 2)).isEqualTo(Sniffer.Protocol.TLS);
    assertThat(Sniffer.sniff(new byte[] {22, 2}, 2)).isEqualTo(Sniffer.Protocol.OTHER);
    assertThat(Sniffer.sniff(new byte[] {0, 0}, 2)).isEqualTo(Sniffer.Protocol.OTHER);
  }

  @Test
  void endlessTokenIsNotHttp() {
    byte[] bytes = new byte[80];
    Arrays.fill(bytes, (byte) 'A');
    assertThat(Sniffer.sniff(bytes, bytes.length)).isEqualTo(Sniffer.Protocol.OTHER);
  }
}
