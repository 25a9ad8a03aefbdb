package dev.weir.store.s3;

import dev.weir.store.StoreException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What S3's answers other than success mean.
 *
 * <p>Without the right to list, S3 answers 403 for what is not there: "access denied" then counts
 * as absent. Every other refusal (a wrong key, an expired token, a wrong clock) is a failure of the
 * store, and so is a denial where the bucket may be listed.
 */
final class S3Answers {
  static final String DENIED = "AccessDenied";

  /** As much of an answer is read; S3's errors are a few hundred bytes. */
  static final int MAX_BYTES = 4096;

  private static final Pattern CODE = Pattern.compile("<Code>([A-Za-z0-9]{1,64})</Code>");

  private final String bucket;
  private volatile boolean mayList;

  S3Answers(String bucket) {
    this.bucket = bucket;
  }

  /** Whether the bucket could be listed, when that was last tried. */
  void mayList(boolean may) {
    mayList = may;
  }

  /**
   * A missing bucket is no missing chunk: an index must not be emptied because of a typo.
   *
   * @param code what the body says; empty where it is not known
   */
  boolean isAbsence(int status, String code) {
    return (status == 404 && !code.equals("NoSuchBucket"))
        || (status == 403 && code.equals(DENIED) && !mayList);
  }

  StoreException refusal(int status, String code) {
    return new StoreException(
        StoreException.Kind.UNAVAILABLE,
        "S3 bucket " + bucket + " answers " + status + (code.isEmpty() ? "" : " " + code) + ".");
  }

  /** The code of an error in XML; empty if it has none. */
  static String code(String xml) {
    Matcher found = CODE.matcher(xml);
    return found.find() ? found.group(1) : "";
  }
}
