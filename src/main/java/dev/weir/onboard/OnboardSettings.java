package dev.weir.onboard;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueType;
import java.util.Arrays;
import java.util.List;

/**
 * The settings of this room, block {@code weir.onboard}; each one's reason stands in {@code
 * reference/onboard.conf}.
 *
 * <p>A value that cannot stand in a script is an {@code IllegalArgumentException} of one sentence.
 *
 * @param publicProxyUrl how clients reach the proxy; empty for the address they came in by
 * @param noProxyExtra entries for NO_PROXY besides the built-in ones
 * @param s3Host host of the object store, which clients reach directly; empty for none
 */
public record OnboardSettings(String publicProxyUrl, List<String> noProxyExtra, String s3Host) {
  public OnboardSettings {
    noProxyExtra = List.copyOf(noProxyExtra);
    publicProxyUrl = publicProxyUrl.strip();
    if (!publicProxyUrl.isEmpty()) {
      ProxyAddress.parse(publicProxyUrl);
    }
    noProxyExtra.forEach(entry -> checkEntry("--no-proxy-extra", entry));
    if (!s3Host.isEmpty()) {
      checkEntry("the host of the object store", s3Host);
    }
  }

  public static OnboardSettings from(Config onboard) {
    return new OnboardSettings(
        onboard.getString("public-proxy-url"),
        entries(onboard, "no-proxy-extra"),
        onboard.getString("s3-host"));
  }

  /** A list, or (from a flag or the environment) one text with commas. */
  private static List<String> entries(Config config, String key) {
    if (config.getValue(key).valueType() == ConfigValueType.LIST) {
      return config.getStringList(key);
    }
    return Arrays.stream(config.getString(key).split(",", -1))
        .map(String::strip)
        .filter(entry -> !entry.isEmpty())
        .toList();
  }

  private static void checkEntry(String option, String entry) {
    boolean sound =
        !entry.isEmpty() && entry.chars().allMatch(c -> c > ' ' && c < 0x7f && c != ',');
    if (!sound) {
      throw new IllegalArgumentException(
          option
              + " holds an entry that is not a host, suffix or address range; separate entries"
              + " with commas and nothing else");
    }
  }
}
