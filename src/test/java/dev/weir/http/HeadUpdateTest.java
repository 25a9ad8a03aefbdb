package dev.weir.http;

import static dev.weir.http.Samples.T0;
import static dev.weir.http.Samples.secondsAfter;
import static dev.weir.http.Samples.stored;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.HeadUpdate.Outdated;
import dev.weir.http.HeadUpdate.Unrelated;
import dev.weir.http.HeadUpdate.Updated;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeadUpdateTest {
  private static final long LATER = T0 + 50_000;
  private final StoredResponse stored =
      stored("ETag", "\"a\"", "Last-Modified", secondsAfter(-9), "Cache-Control", "max-age=10");

  @Test
  void theSameResponseIsFreshAgain() {
    HeadUpdate update =
        of(200, "Content-Length", "5", "ETag", "\"a\"", "Cache-Control", "max-age=30");
    assertThat(update).isInstanceOf(Updated.class);
    FreshnessInfo info = FreshnessInfo.of(((Updated) update).response());
    assertThat(info.ttlMillis(LATER)).isEqualTo(30_000);
  }

  @Test
  void whatTheAnswerDoesNotMentionDoesNotCount() {
    assertThat(of(200)).isInstanceOf(Updated.class);
  }

  @Test
  void anotherResponseOutdatesIt() {
    assertThat(of(200, "Content-Length", "6")).isEqualTo(new Outdated());
    assertThat(of(200, "ETag", "\"b\"")).isEqualTo(new Outdated());
    assertThat(of(200, "Last-Modified", secondsAfter(-8))).isEqualTo(new Outdated());
    assertThat(of(200, "Content-Encoding", "gzip")).isEqualTo(new Outdated());
    assertThat(of(200, "Cache-Control", "no-store")).isEqualTo(new Outdated());
  }

  @Test
  void anErrorSaysNothing() {
    assertThat(of(404)).isEqualTo(new Unrelated());
    assertThat(of(302)).isEqualTo(new Unrelated());
  }

  private HeadUpdate of(int status, String... fields) {
    return HeadUpdate.of(
        stored, 5, new ResponseHead(status, "", Headers.of(fields)), LATER, LATER, List.of());
  }
}
