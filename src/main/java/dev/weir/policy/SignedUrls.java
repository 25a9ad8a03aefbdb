package dev.weir.policy;

import dev.weir.http.Sha224;
import dev.weir.policy.Query.Parameter;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the signing parameters of a URL and the URL without them.
 *
 * <p>{@code X-Amz-*} is a signing parameter anywhere. The short names, which elsewhere may mean
 * anything, are so only on the hosts of the built-in table, or where a whole signature set stands
 * together. If one is found, all are dropped and what is left is sorted and encoded anew.
 */
final class SignedUrls {
  private static final Set<String> AZURE =
      Set.of(
          "se", "sig", "ske", "skoid", "sks", "skt", "sktid", "skv", "sp", "spr", "sr", "st", "sv",
          "hmac");

  /** Which names sign on hosts below a suffix, besides {@code x-amz-*}. */
  private static final SuffixTrie<Set<String>> BY_HOST =
      SuffixTrie.of(
          Map.of(
              "amazonaws.com", Set.of(),
              "r2.cloudflarestorage.com", Set.of(),
              "production.cloudflare.docker.com", Set.of("expires", "signature", "version"),
              "pkg-containers.githubusercontent.com", AZURE));

  /** Names that only together are a signature; then {@code dropped} go. */
  private record SignatureSet(Set<String> required, Set<String> dropped) {}

  private static final List<SignatureSet> SETS =
      List.of(
          new SignatureSet(
              Set.of("key-pair-id", "signature", "expires"),
              Set.of("key-pair-id", "signature", "expires", "policy", "hash-algorithm")),
          new SignatureSet(
              Set.of("key-pair-id", "signature", "policy"),
              Set.of("key-pair-id", "signature", "expires", "policy", "hash-algorithm")),
          new SignatureSet(
              Set.of("awsaccesskeyid", "signature", "expires"),
              Set.of("awsaccesskeyid", "signature", "expires")),
          new SignatureSet(
              Set.of("googleaccessid", "signature", "expires"),
              Set.of("googleaccessid", "signature", "expires")),
          new SignatureSet(
              Set.of("x-goog-algorithm", "x-goog-credential", "x-goog-signature"),
              Set.of(
                  "x-goog-algorithm",
                  "x-goog-credential",
                  "x-goog-date",
                  "x-goog-expires",
                  "x-goog-signedheaders",
                  "x-goog-signature")),
          new SignatureSet(Set.of("sig", "sv", "se"), AZURE));

  private static final Set<String> SIGNATURES =
      Set.of("x-amz-signature", "x-goog-signature", "signature", "sig");

  private static final DateTimeFormatter BASIC =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'");

  private SignedUrls() {}

  /** A target without its signing parameters, and what they were. */
  record Stripped(String target, SignedUrl signature) {}

  /**
   * Null for a target without signing parameters: it is used as it stands.
   *
   * @param ofRule more of their names, in lower case
   */
  static @Nullable Stripped strip(String host, String target, Set<String> ofRule) {
    int question = target.indexOf('?');
    if (question < 0) {
      return null;
    }
    List<Parameter> parameters = Query.parse(target.substring(question + 1));
    Set<String> ofHost = BY_HOST.find(host);
    Set<String> ofSet = wholeSet(parameters);
    List<Parameter> kept = new ArrayList<>(parameters.size());
    List<Parameter> dropped = new ArrayList<>(parameters.size());
    for (Parameter parameter : parameters) {
      String name = parameter.lowerName();
      boolean signing =
          name.startsWith("x-amz-")
              || ofSet.contains(name)
              || ofRule.contains(name)
              || (ofHost != null && ofHost.contains(name));
      (signing ? dropped : kept).add(parameter);
    }
    if (dropped.isEmpty()) {
      return null;
    }
    String query = Query.format(kept);
    String path = target.substring(0, question);
    return new Stripped(
        query.isEmpty() ? path : path + "?" + query, describe(dropped, ofHost != null, ofRule));
  }

  private static Set<String> wholeSet(List<Parameter> parameters) {
    for (SignatureSet set : SETS) {
      int found = 0;
      for (String required : set.required()) {
        for (Parameter parameter : parameters) {
          if (parameter.lowerName().equals(required)) {
            found++;
            break;
          }
        }
      }
      if (found == set.required().size()) {
        return set.dropped();
      }
    }
    return Set.of();
  }

  private static SignedUrl describe(
      List<Parameter> dropped, boolean hostInTable, Set<String> ofRule) {
    Map<String, String> values = new HashMap<>();
    dropped.forEach(parameter -> values.putIfAbsent(parameter.lowerName(), parameter.value()));
    boolean hasSignature =
        values.entrySet().stream()
            .anyMatch(
                e ->
                    (SIGNATURES.contains(e.getKey()) || ofRule.contains(e.getKey()))
                        && !e.getValue().isEmpty());
    return new SignedUrl(
        hasSignature, hostInTable, Sha224.hex(Query.format(dropped)), expiry(values));
  }

  /** The end of validity in whatever form the signature has it; empty if it has none to be read. */
  private static OptionalLong expiry(Map<String, String> values) {
    try {
      for (String family : List.of("x-amz-", "x-goog-")) {
        String date = values.get(family + "date");
        String seconds = values.get(family + "expires");
        if (date != null && seconds != null) {
          Instant signed = LocalDateTime.parse(date, BASIC).toInstant(ZoneOffset.UTC);
          return OptionalLong.of(signed.plusSeconds(Long.parseLong(seconds)).toEpochMilli());
        }
      }
      String epochSeconds = values.get("expires");
      if (epochSeconds != null) {
        return OptionalLong.of(Math.multiplyExact(Long.parseLong(epochSeconds), 1000L));
      }
      String end = values.get("se");
      return end == null
          ? OptionalLong.empty()
          : OptionalLong.of(OffsetDateTime.parse(end).toInstant().toEpochMilli());
    } catch (DateTimeException | NumberFormatException | ArithmeticException e) {
      return OptionalLong.empty();
    }
  }
}
