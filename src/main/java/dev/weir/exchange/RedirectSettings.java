package dev.weir.exchange;

import com.typesafe.config.Config;
import java.util.List;

/**
 * Which hits are answered by a redirect to the object store, block {@code weir.exchange.redirect}.
 *
 * @param on where no rule decides
 * @param minBytes smaller bodies are streamed
 * @param excludedUserAgents how User-Agent begins for clients that are never redirected
 */
record RedirectSettings(boolean on, long minBytes, List<String> excludedUserAgents) {
  RedirectSettings {
    excludedUserAgents = List.copyOf(excludedUserAgents);
  }

  static RedirectSettings from(Config block) {
    return new RedirectSettings(
        block.getBoolean("on"),
        block.getBytes("min-bytes"),
        block.getStringList("excluded-user-agents"));
  }
}
