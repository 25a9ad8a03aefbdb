package dev.weir.tls;

import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateException;
import java.security.cert.CertificateRevokedException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Why an origin's certificate was refused, as one sentence for whoever asked for the URL. */
final class OriginVerdicts {
  private static final int MAX_NAMES = 8;

  private OriginVerdicts() {}

  static String sentence(
      String host, X509Certificate[] chain, CertificateException refusal, Instant now) {
    String who = "the certificate of " + TlsText.printable(host);
    CertPathValidatorException path = cause(refusal, CertPathValidatorException.class);
    CertificateRevokedException revoked = cause(refusal, CertificateRevokedException.class);
    if (revoked != null) {
      return who + " was revoked at " + revoked.getRevocationDate().toInstant();
    }
    if (path != null && path.getReason() == BasicReason.ALGORITHM_CONSTRAINED) {
      return who + " uses a key or signature too weak to be trusted (" + message(path) + ")";
    }
    String validity = validity(who, chain, now);
    if (validity != null) {
      return validity;
    }
    if (isUnknownIssuer(refusal, path)) {
      return unknownIssuer(who, chain);
    }
    if (isNameMismatch(refusal)) {
      return who + " is not for this host but for " + names(chain[0]);
    }
    return who + " was refused: " + message(refusal);
  }

  private static @Nullable String validity(String who, X509Certificate[] chain, Instant now) {
    for (int i = 0; i < chain.length; i++) {
      String which = i == 0 ? who : who + " has a chain whose \"" + subject(chain[i]) + "\"";
      Instant end = chain[i].getNotAfter().toInstant();
      if (now.isAfter(end)) {
        return which + " expired at " + end;
      }
      Instant start = chain[i].getNotBefore().toInstant();
      if (now.isBefore(start)) {
        return which + " is not valid before " + start;
      }
    }
    return null;
  }

  private static boolean isUnknownIssuer(
      CertificateException refusal, @Nullable CertPathValidatorException path) {
    String reason = message(path == null ? refusal : path);
    return reason.contains("unable to find valid certification path")
        || reason.contains("trust anchor");
  }

  private static String unknownIssuer(String who, X509Certificate[] chain) {
    X509Certificate top = chain[chain.length - 1];
    String advice = "; if you trust it, give that authority's certificate with --upstream-ca";
    return chain.length == 1 && IdentityParser.isSelfSigned(top)
        ? who + " is self-signed" + advice
        : who
            + " was issued by an authority that is not trusted here (\""
            + TlsText.printable(top.getIssuerX500Principal().getName())
            + "\")"
            + advice;
  }

  private static boolean isNameMismatch(CertificateException refusal) {
    String message = message(refusal);
    return message.startsWith("No subject alternative")
        || message.startsWith("No name matching")
        || message.startsWith("Illegal given domain name");
  }

  private static String names(X509Certificate leaf) {
    List<String> names = OriginNames.of(leaf);
    if (names.isEmpty()) {
      return "\"" + subject(leaf) + "\"";
    }
    String listed =
        names.stream().limit(MAX_NAMES).map(TlsText::printable).collect(Collectors.joining(", "));
    int more = names.size() - MAX_NAMES;
    return more > 0 ? listed + " and " + more + " more" : listed;
  }

  private static String subject(X509Certificate certificate) {
    return TlsText.printable(certificate.getSubjectX500Principal().getName());
  }

  private static String message(Throwable failure) {
    String message = failure.getMessage();
    return TlsText.printable(message == null ? failure.getClass().getSimpleName() : message);
  }

  static <T extends Throwable> @Nullable T cause(Throwable failure, Class<T> type) {
    Throwable at = failure;
    for (int depth = 0; at != null && depth < 20; depth++) {
      if (type.isInstance(at)) {
        return type.cast(at);
      }
      at = at.getCause();
    }
    return null;
  }
}
