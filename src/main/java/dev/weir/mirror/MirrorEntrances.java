package dev.weir.mirror;

import dev.weir.http.StaleOn;
import dev.weir.policy.Effect;
import dev.weir.policy.Effects;
import dev.weir.policy.Entrance;
import dev.weir.policy.Mount;
import dev.weir.policy.Policy;
import java.util.EnumSet;
import java.util.Set;

/** The ways by which requests to a mirror come to the cache. Pure. */
public final class MirrorEntrances {
  private MirrorEntrances() {}

  /** For paths that name the host: what is stored is shared with the proxy. */
  static Entrance ofPlaces(MirrorSettings settings) {
    return new Entrance(
        MirrorGates.MIRROR,
        "",
        Effects.of(Effect.EGRESS_GATE, MirrorGates.MIRROR),
        settings.effects(),
        Set.copyOf(settings.fields()),
        true);
  }

  /**
   * For what a mount asks one of its origins. With credentials it is filed under the mount: nothing
   * of the secret is in the key, nor of the place it is kept in.
   */
  public static Entrance of(Mount mount, Mount.Origin origin, MirrorSettings settings) {
    String name = MirrorGates.nameOf(mount);
    Effects first = mount.effects().with(Effect.EGRESS_GATE, name);
    if (origin.credentials() != null) {
      first = first.with(Effect.CREDENTIALS, origin.credentials().named(name));
    }
    return new Entrance(
        name,
        mount.isPrivate() ? name : "",
        first,
        RegistryRoom.holds(mount) ? settings.effectsOfRegistries() : settings.effects(),
        Set.copyOf(settings.fields()),
        false);
  }

  /** The same past the cache: what comes is the origin's word of now. */
  static Entrance pastTheCache(Mount mount, Mount.Origin origin, MirrorSettings settings) {
    Entrance usual = of(mount, origin, settings);
    return new Entrance(
        usual.name() + " past the cache",
        usual.realm(),
        usual
            .first()
            .with(Effect.POLICY, Policy.NO_CACHE)
            .with(Effect.STALE_ON, EnumSet.noneOf(StaleOn.class)),
        usual.last(),
        usual.fields(),
        usual.open());
  }
}
