package dev.weir.origin;

import dev.weir.http.Authority;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Resolves once, judges every address, and hands back only addresses that may be dialled, so that a
 * name whose next answer would be another (rebinding) gains nothing. Of a mixed answer the allowed
 * addresses remain. See {@link EgressRules} for the order of the rules.
 */
public final class EgressGate {
  private static final List<InetAddress> LOCALHOST =
      List.of(InetAddress.ofLiteral("127.0.0.1"), InetAddress.ofLiteral("::1"));

  private final EgressRules rules;
  private final OwnListeners own;
  private final Resolver resolver;
  private final int maxAddresses;
  private final @Nullable ParentProxy parent;

  /** Of connections that are made directly. */
  public EgressGate(EgressRules rules, OwnListeners own, Resolver resolver, int maxAddresses) {
    this(rules, own, resolver, maxAddresses, null);
  }

  /**
   * @param maxAddresses how many allowed addresses of one name are kept; the rest would not be
   *     tried within any reasonable connect timeout
   * @param parent the proxy that connections go through, or null: then the addresses to be dialled
   *     are its own, for names are looked up there
   */
  public EgressGate(
      EgressRules rules,
      OwnListeners own,
      Resolver resolver,
      int maxAddresses,
      @Nullable ParentProxy parent) {
    this.parent = parent;
    this.rules = rules;
    this.own = own;
    this.resolver = resolver;
    this.maxAddresses = maxAddresses;
  }

  /** The verdict; the stage fails with {@link OriginFailure} when the name does not resolve. */
  public CompletionStage<EgressVerdict> judge(Authority destination) {
    int port = destination.port();
    return switch (HostForm.of(destination.host())) {
      case HostForm.Malformed(String why) ->
          CompletableFuture.completedFuture(new EgressVerdict.Refused(false, why, ""));
      case HostForm.Literal(InetAddress address) ->
          byParent(destination, judgeAll(null, List.of(address), port));
      case HostForm.Name(String name) -> {
        EgressVerdict.Refused early = rules.judgeName(name, port);
        if (early != null) {
          yield CompletableFuture.completedFuture(early);
        }
        yield parent != null && parent.carries(destination) && !isLocal(name)
            ? atParent(parent)
            : addressesOf(name)
                .thenCompose(found -> byParent(destination, judgeAll(name, found, port)));
      }
    };
  }

  /** What may be dialled is reached through the parent, where connections to it go through one. */
  private CompletionStage<EgressVerdict> byParent(Authority destination, EgressVerdict verdict) {
    ParentProxy proxy = parent;
    return verdict instanceof EgressVerdict.Allowed && proxy != null && proxy.carries(destination)
        ? atParent(proxy)
        : CompletableFuture.completedFuture(verdict);
  }

  private CompletionStage<EgressVerdict> atParent(ParentProxy proxy) {
    int port = proxy.authority().port();
    return switch (HostForm.of(proxy.authority().host())) {
      case HostForm.Malformed(String why) ->
          CompletableFuture.completedFuture(new EgressVerdict.Refused(false, why, ""));
      case HostForm.Literal(InetAddress address) ->
          CompletableFuture.completedFuture(dialled(List.of(address), port));
      case HostForm.Name(String name) -> addressesOf(name).thenApply(found -> dialled(found, port));
    };
  }

  private EgressVerdict dialled(List<InetAddress> found, int port) {
    return new EgressVerdict.Allowed(
        found.stream()
            .limit(maxAddresses)
            .map(address -> new InetSocketAddress(address, port))
            .toList());
  }

  private static boolean isLocal(String name) {
    return name.equals("localhost") || name.endsWith(".localhost");
  }

  /** The localhost names are loopback without asking anybody (RFC 6761 6.3). */
  private CompletionStage<List<InetAddress>> addressesOf(String name) {
    return isLocal(name) ? CompletableFuture.completedFuture(LOCALHOST) : resolver.resolve(name);
  }

  private EgressVerdict judgeAll(@Nullable String name, List<InetAddress> found, int port) {
    List<InetSocketAddress> allowed = new ArrayList<>(Math.min(found.size(), maxAddresses));
    EgressVerdict.Refused refused = null;
    for (InetAddress address : found) {
      EgressVerdict.Refused no = judgeOne(name, address, port);
      if (no == null && allowed.size() < maxAddresses) {
        allowed.add(new InetSocketAddress(address, port));
      } else if (no != null && (refused == null || no.loop())) {
        refused = no;
      }
    }
    if (!allowed.isEmpty()) {
      return new EgressVerdict.Allowed(allowed);
    }
    return refused != null
        ? refused
        : new EgressVerdict.Refused(false, "the name has no address", "");
  }

  private EgressVerdict.@Nullable Refused judgeOne(
      @Nullable String name, InetAddress address, int port) {
    return own.isOwn(address, port)
        ? new EgressVerdict.Refused(true, "it is this proxy itself", "")
        : rules.judgeAddress(name, address, port);
  }
}
