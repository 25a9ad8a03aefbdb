package dev.weir.tls;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueType;
import java.util.List;

/**
 * The settings of this room, block {@code weir.tls}; each one's reason stands in {@code
 * reference/tls.conf}.
 *
 * @param ca a brought CA: path or inline PEM with the private key and perhaps certificates; empty
 *     for one made in the data folder
 * @param caCert path or inline PEM with the certificate and chain of {@code ca}, or empty
 * @param upstreamCa paths or inline PEMs of authorities trusted for origins besides the system's
 */
public record TlsCaSettings(
    String ca,
    String caCert,
    List<String> upstreamCa,
    int leafValidityDays,
    int leafBackdateDays,
    int leafRenewDays,
    int leafCacheEntries,
    int mintsPerSecond,
    int mintBurst,
    int maxNameBytes,
    int sessionCacheEntries,
    int sessionTimeoutSeconds,
    int serverReloadSeconds,
    int upstreamSessionCacheEntries,
    int upstreamSessionTimeoutSeconds,
    boolean nativeCurves) {

  /** Clients refuse leaves that live longer, counted with the days they are backdated by. */
  static final int MAX_LEAF_LIFE_DAYS = 198;

  public TlsCaSettings {
    upstreamCa = List.copyOf(upstreamCa);
    atLeast(1, leafValidityDays, "leaf-validity-days");
    atLeast(0, leafBackdateDays, "leaf-backdate-days");
    atLeast(0, leafRenewDays, "leaf-renew-days");
    atLeast(1, leafCacheEntries, "leaf-cache-entries");
    atLeast(1, mintsPerSecond, "mints-per-second");
    atLeast(1, mintBurst, "mint-burst");
    atLeast(1, maxNameBytes, "max-name-bytes");
    atLeast(1, sessionCacheEntries, "session-cache-entries");
    atLeast(1, sessionTimeoutSeconds, "session-timeout-seconds");
    atLeast(1, serverReloadSeconds, "server-reload-seconds");
    atLeast(1, upstreamSessionCacheEntries, "upstream-session-cache-entries");
    atLeast(1, upstreamSessionTimeoutSeconds, "upstream-session-timeout-seconds");
    if (leafValidityDays + leafBackdateDays > MAX_LEAF_LIFE_DAYS) {
      throw new TlsConfigException(
          "weir.tls.leaf-validity-days and leaf-backdate-days make more than "
              + MAX_LEAF_LIFE_DAYS
              + " days, which strict clients refuse; lower them");
    }
    if (leafRenewDays >= leafValidityDays) {
      throw new TlsConfigException(
          "weir.tls.leaf-renew-days must be smaller than leaf-validity-days");
    }
  }

  public static TlsCaSettings from(Config tls) {
    return new TlsCaSettings(
        tls.getString("ca"),
        tls.getString("ca-cert"),
        texts(tls, "upstream-ca"),
        tls.getInt("leaf-validity-days"),
        tls.getInt("leaf-backdate-days"),
        tls.getInt("leaf-renew-days"),
        tls.getInt("leaf-cache-entries"),
        tls.getInt("mints-per-second"),
        tls.getInt("mint-burst"),
        tls.getInt("max-name-bytes"),
        tls.getInt("session-cache-entries"),
        tls.getInt("session-timeout-seconds"),
        tls.getInt("server-reload-seconds"),
        tls.getInt("upstream-session-cache-entries"),
        tls.getInt("upstream-session-timeout-seconds"),
        tls.getBoolean("native-curves"));
  }

  /** A list, or (from a flag or the environment) one text. */
  private static List<String> texts(Config config, String key) {
    if (config.getValue(key).valueType() == ConfigValueType.LIST) {
      return config.getStringList(key);
    }
    String one = config.getString(key).strip();
    return one.isEmpty() ? List.of() : List.of(one);
  }

  private static void atLeast(int least, int value, String key) {
    if (value < least) {
      throw new TlsConfigException("weir.tls." + key + " must be at least " + least);
    }
  }
}
