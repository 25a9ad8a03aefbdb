package dev.weir.origin;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ports this process listens on and the addresses of this machine: a request to one of the ones
 * at one of the others would come back to us. Ports are added as listeners open; addresses are read
 * from the interfaces and again every {@code refreshMillis}.
 */
public final class OwnListeners {
  private static final Logger log = LoggerFactory.getLogger(OwnListeners.class);

  private record Known(Set<InetAddress> addresses, long atNanos) {}

  private final Set<Integer> ports = ConcurrentHashMap.newKeySet();
  private final Supplier<Set<InetAddress>> interfaces;
  private final LongSupplier nanoTime;
  private final long refreshNanos;
  private volatile Known known;

  public OwnListeners(long refreshMillis) {
    this(OwnListeners::addressesOfThisMachine, refreshMillis, System::nanoTime);
  }

  OwnListeners(Supplier<Set<InetAddress>> interfaces, long refreshMillis, LongSupplier nanoTime) {
    this.interfaces = interfaces;
    this.nanoTime = nanoTime;
    this.refreshNanos = refreshMillis * 1_000_000;
    this.known = new Known(interfaces.get(), nanoTime.getAsLong());
  }

  /** A listener of ours is open on this port. */
  public void add(int port) {
    ports.add(port);
  }

  public void remove(int port) {
    ports.remove(port);
  }

  public boolean isOwn(InetAddress address, int port) {
    if (!ports.contains(port)) {
      return false;
    }
    AddressClass kind = AddressClass.of(address);
    InetAddress inside = AddressClass.carriedBy(address);
    return kind == AddressClass.LOOPBACK
        || kind == AddressClass.UNSPECIFIED
        || ofThisMachine().contains(address)
        || (inside != null && ofThisMachine().contains(inside));
  }

  private Set<InetAddress> ofThisMachine() {
    Known now = known;
    if (nanoTime.getAsLong() - now.atNanos > refreshNanos) {
      now = new Known(interfaces.get(), nanoTime.getAsLong());
      known = now;
    }
    return now.addresses;
  }

  private static Set<InetAddress> addressesOfThisMachine() {
    Set<InetAddress> found = new HashSet<>();
    try {
      for (NetworkInterface one : List.copyOf(NetworkInterface.networkInterfaces().toList())) {
        one.inetAddresses().map(OwnListeners::withoutZone).forEach(found::add);
      }
    } catch (SocketException e) {
      log.warn("Cannot read the addresses of this machine: {}", e.getMessage());
    }
    return Set.copyOf(found);
  }

  /** An interface's link-local address carries its zone, which would make it unequal to others. */
  private static InetAddress withoutZone(InetAddress address) {
    try {
      return InetAddress.getByAddress(address.getAddress());
    } catch (java.net.UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }
}
