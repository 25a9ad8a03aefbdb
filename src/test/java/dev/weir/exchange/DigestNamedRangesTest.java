package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.policy.Policy;
import dev.weir.testing.Answer;
import dev.weir.testing.Eventually;
import dev.weir.testing.Seen;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ranges of what its URL names by a digest: only the whole can be proved, so it is fetched. */
final class DigestNamedRangesTest {
  private static final int LENGTH = 200_000;

  /** The last bytes were fetched by themselves each time, and never kept. */
  @ParameterizedTest
  @CsvSource({
    "bytes=0-9, 0, 10",
    "bytes=100-199, 100, 200",
    "bytes=199990-, 199990, 200000",
    "bytes=-50, 199950, 200000"
  })
  void aRangeOfWhatIsNotStoredFetchesTheWholeOnce(String range, int from, int end)
      throws Exception {
    try (Rig rig = new Rig(Policy.STANDARD)) {
      // Given
      byte[] layer = new byte[LENGTH];
      new Random(from).nextBytes(layer);
      String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(layer));
      String blob = "/v2/open/image/blobs/sha256:" + digest;
      Headers fields = Headers.of("ETag", "\"x\"", "Cache-Control", "max-age=3600");
      rig.origin.on(blob, seen -> Answer.of(200, fields, layer));

      // When
      Rig.Got first = rig.get(blob, "Range", range);
      Eventually.holds(rig::nothingRuns);
      Rig.Got second = rig.get(blob, "Range", range);
      Rig.Got whole = rig.get(blob);

      // Then
      assertThat(first.status()).isEqualTo(206);
      assertThat(first.body()).isEqualTo(Arrays.copyOfRange(layer, from, end));
      assertThat(second.body()).isEqualTo(first.body());
      assertThat(second.cacheStatus()).contains("weir;hit");
      assertThat(whole.body()).isEqualTo(layer);
      assertThat(rig.origin.seen(blob)).hasSize(1).allMatch(Seen::isPlainGet);
    }
  }
}
