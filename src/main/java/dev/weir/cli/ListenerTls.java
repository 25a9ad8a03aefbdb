package dev.weir.cli;

import dev.weir.tls.LeafMint;
import dev.weir.tls.ServerTls;
import dev.weir.tls.TlsCaSettings;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a listener that is no proxy shows of itself over TLS, if it speaks it.
 *
 * @param cert path or PEM text of its certificate, or empty
 * @param key path or PEM text of its key, or empty
 * @param name the host for which it shows a certificate of our own CA, or empty
 */
record ListenerTls(String cert, String key, String name) {
  static final ListenerTls NONE = new ListenerTls("", "", "");

  private static final List<String> NAMES = List.of("tls-cert", "tls-key", "tls-name");

  static ListenerTls from(SettingReader read) {
    String certificate = read.text("tls-cert");
    String name = read.text("tls-name");
    if (certificate.isEmpty() && !read.text("tls-key").isEmpty()) {
      throw new SettingsException("--tls-key is given without --tls-cert; give both");
    }
    if (!certificate.isEmpty() && !name.isEmpty()) {
      throw new SettingsException(
          "--tls-cert and --tls-name exclude each other: bring a certificate, or have one made");
    }
    return new ListenerTls(certificate, read.text("tls-key"), name);
  }

  /** For a node whose only listener is a forward proxy. */
  static void refuse(SettingReader read) {
    for (String name : NAMES) {
      if (!read.text(name).isEmpty()) {
        throw new SettingsException(
            "--%s has no meaning without --mode reverse or a mirror; leave it out or add that"
                .formatted(name));
      }
    }
  }

  /** Null where the listener is plain. */
  @Nullable ServerTls open(LeafMint mint, TlsCaSettings settings) {
    if (!cert.isEmpty()) {
      return ServerTls.brought(cert, key, settings, InstantSource.system());
    }
    return name.isEmpty() ? null : ServerTls.minted(mint, name, settings);
  }
}
