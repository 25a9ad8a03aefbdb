package dev.weir.edge;

import dev.weir.edge.ForwardedSettings.Action;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes and removes the fields that tell whom a request is from and how it came: Forwarded (RFC
 * 7239), X-Forwarded-For, -Proto, -Host and X-Real-IP. Pure.
 *
 * <p>An origin may act on them, and what it answers is kept for everybody: so only proxies that the
 * operator trusts get to say anything.
 */
final class ForwardedFields {
  private static final String FORWARDED = "Forwarded";
  private static final String FOR = "X-Forwarded-For";
  private static final String PROTO = "X-Forwarded-Proto";
  private static final String HOST = "X-Forwarded-Host";
  private static final String REAL_IP = "X-Real-IP";

  private final ForwardedSettings settings;
  private final AddressRanges trusted;

  ForwardedFields(ForwardedSettings settings, AddressRanges trusted) {
    this.settings = settings;
    this.trusted = trusted;
  }

  /** The request as it goes on; {@code received} is as that peer sent it. */
  RequestHead apply(RequestHead received, InetAddress peer) {
    Headers sent = received.headers();
    if (settings.changesNothing()) {
      return received;
    }
    boolean believed = trusted.contains(peer);
    Headers.Builder fields = sent.toBuilder();
    if (!believed) {
      settings.dropFromUntrusted().forEach(fields::remove);
    }
    write(fields, sent, believed, FORWARDED, settings.forwarded(), true, element(received, peer));
    write(fields, sent, believed, FOR, settings.forwardedFor(), true, text(peer));
    write(fields, sent, believed, PROTO, settings.forwardedProto(), false, received.scheme());
    String host = received.authority().text(received.scheme());
    write(fields, sent, believed, HOST, settings.forwardedHost(), false, host);
    if (settings.realIp() == Action.SET) {
      fields.set(REAL_IP, text(believed ? client(sent, peer) : peer));
    } else {
      write(fields, sent, believed, REAL_IP, settings.realIp(), false, "");
    }
    return received.withHeaders(fields.build());
  }

  /**
   * @param list whether our own word is added to what was said before; otherwise the first says it
   */
  private void write(
      Headers.Builder fields,
      Headers sent,
      boolean believed,
      String name,
      Action action,
      boolean list,
      String own) {
    String said = believed ? sent.combined(name) : null;
    switch (action) {
      case PASS -> {}
      case STRIP -> fields.remove(name);
      case TRUSTED -> {
        if (!believed) {
          fields.remove(name);
        }
      }
      case SET -> {
        if (said == null || said.isBlank()) {
          fields.set(name, own);
        } else if (list) {
          fields.set(name, latest(said, own));
        }
      }
    }
  }

  /** Our word after the latest of those before; a loop through others must not grow for ever. */
  private String latest(String said, String own) {
    List<String> hops = new ArrayList<>(hops(said));
    hops.add(own);
    int from = Math.max(0, hops.size() - settings.maxHops());
    return String.join(", ", hops.subList(from, hops.size()));
  }

  /** RFC 7239 4: whom the request is from, by which scheme, and where told, for which host. */
  private String element(RequestHead received, InetAddress peer) {
    String node = peer instanceof Inet6Address ? "\"[" + text(peer) + "]\"" : text(peer);
    String element = "for=" + node + ";proto=" + received.scheme();
    return settings.forwardedHost() == Action.SET
        ? element + ";host=\"" + received.authority().text(received.scheme()) + "\""
        : element;
  }

  /** The nearest address in front of all trusted proxies. */
  private InetAddress client(Headers sent, InetAddress peer) {
    String chain = sent.combined(FOR);
    if (chain == null) {
      InetAddress told = address(sent.combined(REAL_IP));
      return told == null ? peer : told;
    }
    InetAddress nearest = peer;
    for (String hop : hops(chain).reversed()) {
      InetAddress address = address(hop);
      if (address == null) {
        return nearest;
      }
      nearest = address;
      if (!trusted.contains(address)) {
        return nearest;
      }
    }
    return nearest;
  }

  /** Quotes mean nothing here: one that a client leaves open must not swallow a proxy's word. */
  private static List<String> hops(String said) {
    return Arrays.stream(said.split(",", -1))
        .map(String::strip)
        .filter(hop -> !hop.isEmpty())
        .toList();
  }

  /** An address as proxies write it, with port or without; null for anything else. */
  private static @Nullable InetAddress address(@Nullable String text) {
    if (text == null) {
      return null;
    }
    String host = text.strip();
    int bracket = host.indexOf(']');
    if (host.startsWith("[") && bracket > 0) {
      host = host.substring(1, bracket);
    } else if (host.indexOf('.') > 0 && host.indexOf(':') == host.lastIndexOf(':')) {
      int colon = host.indexOf(':');
      host = colon < 0 ? host : host.substring(0, colon);
    }
    try {
      return host.indexOf('%') >= 0 ? null : InetAddress.ofLiteral(host);
    } catch (IllegalArgumentException none) {
      return null;
    }
  }

  private static String text(InetAddress address) {
    String text = address.getHostAddress();
    int zone = text.indexOf('%');
    return zone < 0 ? text : text.substring(0, zone);
  }
}
