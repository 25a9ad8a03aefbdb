package dev.weir.mirror;

import dev.weir.http.RequestHead;
import dev.weir.policy.Mount;
import org.jspecify.annotations.Nullable;

/**
 * A request to a mirror and what it stands for.
 *
 * @param received as the client sent it, to the mirror
 * @param origin the same as the origin is to be asked; rules may change its scheme yet
 * @param mount the mount it came by, or null where the path named the host
 * @param prefix what stands in the mirror's paths for {@code base} in the origin's: {@code /HOST}
 *     for nothing, or the mount's path for its origin's
 */
public record Asked(
    RequestHead received, RequestHead origin, @Nullable Mount mount, String prefix, String base) {

  /** The mirror's path for a target at the same origin, or null where none leads to it. */
  public @Nullable String inside(String target) {
    return target.startsWith(base) ? prefix + target.substring(base.length()) : null;
  }
}
