package dev.weir.policy;

import dev.weir.http.Headers;
import java.util.Optional;

/** The request field by which a client may choose its policy, where the operator allows that. */
public final class PolicyHeader {
  /** This system's own field. */
  public static final String NAME = "X-Weir-Policy";

  /** The field of the system whose clients should not have to change. */
  public static final String COMPATIBLE_NAME = "X-Passsage-Policy";

  private PolicyHeader() {}

  /** The policy a client asks for; empty if it asks for none, or for one there is not. */
  public static Optional<Policy> requested(Headers request) {
    String label = request.first(NAME);
    if (label == null) {
      label = request.first(COMPATIBLE_NAME);
    }
    return label == null ? Optional.empty() : Policy.named(label);
  }

  /** The fields without it: it means nothing to an origin. */
  public static Headers strip(Headers request) {
    return request.without(NAME).without(COMPATIBLE_NAME);
  }
}
