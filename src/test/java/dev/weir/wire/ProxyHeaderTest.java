package dev.weir.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.wire.ProxyHeader.Addresses;
import dev.weir.wire.ProxyHeader.Complete;
import dev.weir.wire.ProxyHeader.Incomplete;
import dev.weir.wire.ProxyHeader.Malformed;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyHeaderTest {
  private static final int MAX_BYTES = 512;
  private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";
  private static final Addresses FOUR =
      new Addresses(
          new InetSocketAddress("192.0.2.1", 4660), new InetSocketAddress("198.51.100.2", 443));
  private static final Addresses SIX =
      new Addresses(
          new InetSocketAddress("2001:db8::1", 4660), new InetSocketAddress("2001:db8::2", 443));

  private static ProxyHeader.Reading read(byte[] bytes) {
    return ProxyHeader.read(bytes, MAX_BYTES);
  }

  private static byte[] text(String line) {
    return line.getBytes(ISO_8859_1);
  }

  /** Version 2 after its signature: command, family, length and the rest, as hexadecimal. */
  private static byte[] binary(String command, String family, String rest) {
    String compact = rest.replace(" ", "");
    return HexFormat.of()
        .parseHex(SIGNATURE + command + family + "%04x".formatted(compact.length() / 2) + compact);
  }

  private static byte[] four(String values) {
    return binary("21", "11", "c0000201 c6336402 1234 01bb" + values);
  }

  private static byte[] six(String values) {
    return binary(
        "21",
        "21",
        "20010db8000000000000000000000001 20010db8000000000000000000000002 1234 01bb" + values);
  }

  static Stream<byte[]> wholeHeaders() {
    return Stream.of(
        text("PROXY TCP4 192.0.2.1 198.51.100.2 4660 443\r\n"),
        text("PROXY TCP6 2001:db8::1 2001:DB8::2 4660 443\r\n"),
        text("PROXY UNKNOWN\r\n"),
        text("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n"),
        four(""),
        four("04 0003 000000 01 0000"),
        six(""),
        binary("20", "00", ""),
        binary("20", "11", "c0000201 c6336402 1234 01bb"),
        binary("21", "00", "ff"),
        binary("21", "31", "00".repeat(216)));
  }

  @Test
  void addressesOfBothVersionsAreTheClients() {
    assertThat(read(text("PROXY TCP4 192.0.2.1 198.51.100.2 4660 443\r\nGET /")))
        .isEqualTo(new Complete(FOUR, 44));
    assertThat(read(text("PROXY TCP6 2001:db8::1 2001:db8:0:0::2 4660 443\r\n")))
        .isEqualTo(new Complete(SIX, 49));
    assertThat(read(four(""))).isEqualTo(new Complete(FOUR, 28));
    assertThat(read(six("04 0002 0000"))).isEqualTo(new Complete(SIX, 57));
  }

  @ParameterizedTest
  @ValueSource(strings = {"20 00", "20 11 c0000201c6336402123401bb", "21 00", "21 00 ffff"})
  void aSenderThatSpeaksForItselfNamesNobody(String after) {
    // Given
    String hex = after.replace(" ", "");
    byte[] header = binary(hex.substring(0, 2), hex.substring(2, 4), hex.substring(4));

    // When // Then
    assertThat(read(header)).isEqualTo(new Complete(null, header.length));
    assertThat(read(text("PROXY UNKNOWN\r\nx"))).isEqualTo(new Complete(null, 15));
  }

  @ParameterizedTest
  @MethodSource("wholeHeaders")
  void everyPrefixIsIncompleteAndWhatFollowsIsLeft(byte[] header) {
    for (int length = 0; length < header.length; length++) {
      assertThat(read(Arrays.copyOf(header, length)))
          .as("%d bytes", length)
          .isInstanceOf(Incomplete.class);
    }
    byte[] more = Arrays.copyOf(header, header.length + 9);
    assertThat(read(more)).isEqualTo(read(header));
    assertThat(((Complete) read(header)).bytes()).isEqualTo(header.length);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\n",
        "PROXY\r\n",
        "proxy TCP4 192.0.2.1 198.51.100.2 1 2\r\n",
        "PROXY  TCP4 192.0.2.1 198.51.100.2 1 2\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 1 2 \r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 1 2 3\r\n",
        "PROXY TCP4 192.0.2.1\t198.51.100.2 1 2\r\n",
        "PROXY TCP4 192.0.2.01 198.51.100.2 1 2\r\n",
        "PROXY TCP4 192.0.2.256 198.51.100.2 1 2\r\n",
        "PROXY TCP4 192.0.2 198.51.100.2 1 2\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP6 192.0.2.1 198.51.100.2 1 2\r\n",
        "PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n",
        "PROXY TCP6 1::2::3 ::1 1 2\r\n",
        "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
        "PROXY TCP4 localhost 198.51.100.2 1 2\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 65536 2\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 -1 2\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 01 2\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 1 2\rx",
        "PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n"
      })
  void whatIsNotExactlyALineIsMalformed(String line) {
    assertThat(read(text(line))).isInstanceOf(Malformed.class);
  }

  @Test
  void aLineIsBounded() {
    // Given
    String longest = "PROXY UNKNOWN " + "x".repeat(91);

    // When // Then
    assertThat(read(text(longest + "\r\n"))).isEqualTo(new Complete(null, 107));
    assertThat(read(text(longest + "x\r\n"))).isInstanceOf(Malformed.class);
    assertThat(read(text("PROXY " + "x".repeat(1000)))).isInstanceOf(Malformed.class);
  }

  @Test
  void aBinaryHeaderIsBoundedBeforeItHasArrived() {
    // Given
    byte[] endless = HexFormat.of().parseHex(SIGNATURE + "2111ffff");
    byte[] exact = four("ee" + "%04x".formatted(MAX_BYTES - 31) + "00".repeat(MAX_BYTES - 31));

    // When // Then
    assertThat(read(endless)).isInstanceOf(Malformed.class);
    assertThat(exact).hasSize(MAX_BYTES);
    assertThat(read(exact)).isEqualTo(new Complete(FOUR, MAX_BYTES));
    assertThat(ProxyHeader.read(exact, MAX_BYTES - 1)).isInstanceOf(Malformed.class);
  }

  static Stream<byte[]> lyingHeaders() {
    return Stream.of(
        binary("11", "11", "c0000201 c6336402 1234 01bb"),
        binary("22", "11", "c0000201 c6336402 1234 01bb"),
        binary("31", "11", "c0000201 c6336402 1234 01bb"),
        binary("21", "12", "c0000201 c6336402 1234 01bb"),
        binary("21", "22", "00".repeat(36)),
        binary("21", "32", "00".repeat(216)),
        binary("21", "41", "c0000201 c6336402 1234 01bb"),
        binary("21", "11", "c0000201 c6336402 1234"),
        binary("21", "21", "00".repeat(35)),
        binary("21", "31", "00".repeat(215)),
        four("04"),
        four("04 00"),
        four("04 0001"),
        four("04 ffff 00"));
  }

  @ParameterizedTest
  @MethodSource("lyingHeaders")
  void whatIsNotExactlyABinaryHeaderIsMalformed(byte[] header) {
    assertThat(read(header)).isInstanceOf(Malformed.class);
  }

  /** Whatever the bytes are: no exception, no length beyond what there is or may be. */
  @Test
  void noBytesMakeItThrowOrClaimMoreThanThereIs() {
    Random random = new Random(7);
    byte[][] seeds = wholeHeaders().toArray(byte[][]::new);
    for (int round = 0; round < 200_000; round++) {
      // Given
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      bytes.writeBytes(seeds[random.nextInt(seeds.length)]);
      bytes.writeBytes(seeds[random.nextInt(seeds.length)]);
      byte[] mutant = Arrays.copyOf(bytes.toByteArray(), random.nextInt(bytes.size() + 1));
      for (int change = random.nextInt(4); change > 0 && mutant.length > 0; change--) {
        mutant[random.nextInt(mutant.length)] = (byte) random.nextInt(256);
      }

      // When
      ProxyHeader.Reading reading = read(mutant);

      // Then
      if (reading instanceof Complete whole) {
        assertThat(whole.bytes()).isBetween(1, Math.min(mutant.length, MAX_BYTES));
      } else if (reading instanceof Incomplete) {
        assertThat(mutant.length).isLessThan(MAX_BYTES);
      }
    }
  }
}
