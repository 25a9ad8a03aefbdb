package dev.weir.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Authority;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AuthoritiesTest {
  @ParameterizedTest
  @CsvSource({
    "example.COM, example.com, 443",
    "o:8443, o, 8443",
    "o:, o, 443",
    "o:00080, o, 80",
    "_dmarc.o, _dmarc.o, 443",
    "o., o., 443",
    "1.2.3.4:65535, 1.2.3.4, 65535",
    "[::], ::, 443",
    "[::1]:1, ::1, 1",
    "[1::], 1::, 443",
    "[2001:DB8::a:1], 2001:db8::a:1, 443",
    "[1:2:3:4:5:6:7:8], 1:2:3:4:5:6:7:8, 443",
    "[1:2:3:4:5:6:7::], 1:2:3:4:5:6:7::, 443",
    "[::ffff:192.0.2.1], ::ffff:192.0.2.1, 443",
    "[1:2:3:4:5:6:1.2.3.4], 1:2:3:4:5:6:1.2.3.4, 443",
  })
  void reads(String text, String host, int port) {
    // When
    Authority read = Authorities.parse(text, 443);
    // Then
    assertThat(read).isEqualTo(new Authority(host, port));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":80",
        "o:0",
        "o:65536",
        "o:100000",
        "o:000080",
        "o:-1",
        "o: 80",
        "o:80 ",
        "o o",
        "o/",
        "o\\",
        "o?",
        "o#",
        "u@o",
        "o%00",
        "b\u00fccher",
        ".o",
        "o..p",
        "a,b",
        "[]",
        "[::1",
        "::1",
        "[::1]80",
        "[::1]]",
        "[::1%eth0]",
        "[1]",
        "[1:2:3:4:5:6:7]",
        "[1:2:3:4:5:6:7:8:9]",
        "[1:2:3:4:5:6:7:8::]",
        "[:1::]",
        "[1:]",
        "[1::2::3]",
        "[:::]",
        "[12345::]",
        "[g::]",
        "[::1.2.3]",
        "[::1.2.3.256]",
        "[1.2.3.4]",
        "[::1.2.3.4:5]",
        "[v1.x]",
        "[o]"
      })
  void refuses(String text) {
    // When, Then
    assertThat(Authorities.parse(text, 443)).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "o:443, true",
    "[::1]:443, true",
    "o, false",
    "o:, false",
    "[::1], false",
    "::1, false"
  })
  void connectNeedsPort(String text, boolean fine) {
    // When, Then
    assertThat(Authorities.parseWithPort(text) != null).isEqualTo(fine);
  }
}
