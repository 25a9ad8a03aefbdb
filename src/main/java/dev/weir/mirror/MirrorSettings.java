package dev.weir.mirror;

import com.typesafe.config.Config;
import dev.weir.http.StaleOn;
import dev.weir.policy.Effect;
import dev.weir.policy.Effects;
import dev.weir.policy.Policy;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What a mirror does where neither rules nor mounts decide, block {@code weir.mirror}.
 *
 * @param policy the name of a policy, or {@code rules} for the default policy of the rules
 * @param hosts destinations it serves beside mounts, as {@code --allow-destinations} takes them;
 *     {@code none} for no others, empty for every public one
 * @param allowDestinations further ones, wherever they are
 * @param ports to which it goes where no list has a port
 * @param redirects of origins that are followed
 * @param fileNameReadings in how many ways the name of a file beside a simple index may be read for
 *     its project's; one that has more is not looked for at a later origin
 * @param fields of requests that go on to origins
 * @param hiddenFields of responses that never reach clients: they would speak for all origins that
 *     the mirror stands for
 * @param contentSecurityPolicy added to what origins answer, for browsers; empty for none
 */
public record MirrorSettings(
    String policy,
    String hosts,
    String allowDestinations,
    Set<Integer> ports,
    int redirects,
    int fileNameReadings,
    List<String> fields,
    List<String> hiddenFields,
    String contentSecurityPolicy,
    boolean staleOnConnectionError,
    boolean staleOn5xx,
    boolean staleOnAnyError) {
  static final String MOUNTS_ONLY = "none";
  static final String BY_RULES = "rules";

  public MirrorSettings {
    if (!policy.equals(BY_RULES) && Policy.named(policy).isEmpty()) {
      throw new IllegalArgumentException("weir.mirror.policy is no policy: " + policy);
    }
    if (redirects < 0 || redirects > 20) {
      throw new IllegalArgumentException("weir.mirror.redirects must be from 0 to 20");
    }
    if (fileNameReadings < 1 || fileNameReadings > 100) {
      throw new IllegalArgumentException("weir.mirror.file-name-readings must be from 1 to 100");
    }
    ports = Set.copyOf(ports);
    fields = List.copyOf(fields);
    hiddenFields = List.copyOf(hiddenFields);
  }

  public static MirrorSettings from(Config room) {
    return new MirrorSettings(
        room.getString("policy"),
        room.getString("hosts").strip(),
        room.getString("allow-destinations").strip(),
        Set.copyOf(room.getIntList("ports")),
        room.getInt("redirects"),
        room.getInt("file-name-readings"),
        room.getStringList("fields"),
        room.getStringList("hidden-fields"),
        room.getString("content-security-policy").strip(),
        room.getBoolean("stale-on-connection-error"),
        room.getBoolean("stale-on-5xx"),
        room.getBoolean("stale-on-any-error"));
  }

  /** Whether places are served that no mount leads to. */
  public boolean servesHosts() {
    return !hosts.toLowerCase(Locale.ROOT).equals(MOUNTS_ONLY);
  }

  /** What is decided where rules leave it open. */
  Effects effects() {
    return effects(staleOn());
  }

  /** The same for container registries: public ones count pulls, and say 429 to who has no more. */
  Effects effectsOfRegistries() {
    Set<StaleOn> failures = staleOn();
    if (staleOn5xx) {
      failures.add(StaleOn.TOO_MANY_REQUESTS);
    }
    return effects(failures);
  }

  private Effects effects(Set<StaleOn> failures) {
    Effects effects =
        Effects.of(Effect.FOLLOW_REDIRECTS, redirects).with(Effect.STALE_ON, failures);
    return Policy.named(policy).map(named -> effects.with(Effect.POLICY, named)).orElse(effects);
  }

  /** The failures for which what is stored stands in. */
  private Set<StaleOn> staleOn() {
    if (staleOnAnyError) {
      return EnumSet.allOf(StaleOn.class);
    }
    Set<StaleOn> failures = EnumSet.noneOf(StaleOn.class);
    if (staleOnConnectionError) {
      failures.add(StaleOn.CONNECT);
      failures.add(StaleOn.TIMEOUT);
    }
    if (staleOn5xx) {
      failures.add(StaleOn.SERVER_ERROR);
    }
    return failures;
  }
}
