package dev.weir.origin;

import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;

/**
 * A resolver that knows some hosts by heart and asks another for the rest. The addresses are judged
 * like any.
 *
 * @param known by name in lower case
 */
public record FixedAddresses(Map<String, List<InetAddress>> known, Resolver others)
    implements Resolver {
  public FixedAddresses {
    known = Map.copyOf(known);
  }

  /**
   * Reads pairs as {@code HOST=ADDRESS}; several of one host are tried in order.
   *
   * @throws IllegalArgumentException in one sentence, for what is none
   */
  public static Resolver before(Resolver others, List<String> pairs) {
    Map<String, List<InetAddress>> known = new HashMap<>();
    for (String pair : pairs) {
      int equals = pair.indexOf('=');
      if (equals < 1
          || !(HostForm.of(pair.substring(0, equals)) instanceof HostForm.Name(String name))
          || !(HostForm.of(pair.substring(equals + 1))
              instanceof HostForm.Literal(InetAddress address))) {
        throw new IllegalArgumentException(
            "--host-addresses has '" + pair + "', which is not HOST=ADDRESS");
      }
      known.merge(name, List.of(address), FixedAddresses::joined);
    }
    return known.isEmpty() ? others : new FixedAddresses(known, others);
  }

  private static List<InetAddress> joined(List<InetAddress> some, List<InetAddress> more) {
    return Stream.concat(some.stream(), more.stream()).toList();
  }

  @Override
  public CompletionStage<List<InetAddress>> resolve(String name) {
    List<InetAddress> addresses = known.get(name);
    return addresses == null ? others.resolve(name) : CompletableFuture.completedFuture(addresses);
  }
}
