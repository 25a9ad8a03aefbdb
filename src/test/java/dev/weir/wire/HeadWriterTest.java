package dev.weir.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeadWriterTest {
  @Test
  void rendersOctetsAsTheyAreAndLeavesFramingOut() {
    // Given
    Headers fields =
        Headers.of(
            "x-OdD",
            "\u00e9\u00ff",
            "content-length",
            "3",
            "Transfer-Encoding",
            "chunked",
            "CONNECTION",
            "close",
            "Content-Lengths",
            "4");
    // When
    byte[] block = HeadWriter.render(fields);
    // Then
    assertThat(new String(block, StandardCharsets.ISO_8859_1))
        .isEqualTo("x-OdD: \u00e9\u00ff\r\nContent-Lengths: 4\r\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\r\nb: c", "a\nb", "a\rb", "a\u0000b", "a\u0100b"})
  void refusesWhatWouldBecomeAnotherMessage(String value) {
    // Given
    GuardSettings settings = GuardedServer.settings();
    byte[] request = "GET / HTTP/1.1\r\nHost: o\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
    RequestFacts facts = new HeadParser(settings).request(request, 0, request.length, "http", null);
    RequestChannel.Exchange exchange = new RequestChannel().open(facts);
    // When, Then
    assertThatThrownBy(() -> exchange.respond(new ResponseHead(200, "OK", Headers.of("A", value))))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> exchange.respond(new ResponseHead(200, value, Headers.EMPTY)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> HeadWriter.render(Headers.of(value, "a")))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
