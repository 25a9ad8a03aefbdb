package dev.weir.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.admin.Operations;
import dev.weir.cache.NodeCache;
import dev.weir.cluster.FabricSystem;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.policy.CacheKeys;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What operators may do, done by this node's cache and fabric. */
final class NodeOperations implements Operations {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final NodeCache cache;
  private final FabricSystem fabric;
  private final NodeId node;

  NodeOperations(NodeCache cache, FabricSystem fabric, NodeId node) {
    this.cache = cache;
    this.fabric = fabric;
    this.node = node;
  }

  @Override
  public CompletionStage<Purged> purge(String url) {
    PrimaryKey key = key(url);
    if (key == null) {
      return CompletableFuture.completedStage(Purged.NOT_A_URL);
    }
    return cache
        .isStored(key)
        // Only then: it would find what is being removed, or not.
        .thenCompose(
            stored ->
                cache
                    .invalidate(key)
                    .thenApply(
                        done -> !done ? Purged.INCOMPLETE : stored ? Purged.DONE : Purged.NOTHING))
        .exceptionally(failed -> Purged.INCOMPLETE);
  }

  /** The key of a GET for that URL, byte for byte as a client would send it. */
  private static @Nullable PrimaryKey key(String url) {
    int colon = url.indexOf("://");
    if (colon < 0) {
      return null;
    }
    String scheme = url.substring(0, colon).toLowerCase(Locale.ROOT);
    int path = url.indexOf('/', colon + 3);
    String target = path < 0 ? "/" : url.substring(path);
    try {
      URI origin =
          new URI(scheme + "://" + url.substring(colon + 3, path < 0 ? url.length() : path));
      String host = origin.getHost();
      boolean usable = scheme.equals("http") || scheme.equals("https");
      if (!usable || host == null || origin.getUserInfo() != null) {
        return null;
      }
      String name = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
      int port = origin.getPort() < 0 ? Authority.defaultPort(scheme) : origin.getPort();
      RequestHead request =
          new RequestHead("GET", scheme, new Authority(name, port), target, Headers.EMPTY);
      return CacheKeys.of(request, "").primary();
    } catch (URISyntaxException | IllegalArgumentException notAUrl) {
      return null;
    }
  }

  @Override
  public CompletionStage<String> cluster() {
    return cache
        .shards()
        .thenApply(
            shards -> {
              ObjectNode page = JSON.createObjectNode();
              page.put("node", node.text());
              page.put("keepersAnswer", cache.isAttached());
              page.put("runningFills", cache.fills().count());
              page.put("leasedKeys", cache.nearKeys());
              ArrayNode members = page.putArray("members");
              for (FabricSystem.MemberState member : fabric.members()) {
                ObjectNode one = members.addObject();
                one.put("address", member.address());
                one.put("status", member.status());
                one.put("reachable", member.reachable());
                one.put("oldest", member.oldest());
                one.put("self", member.self());
                one.put("shards", shards.getOrDefault(member.address(), 0));
              }
              return text(page);
            });
  }

  private static String text(ObjectNode page) {
    try {
      return JSON.writeValueAsString(page);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a page cannot be written", e);
    }
  }
}
