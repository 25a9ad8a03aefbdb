package dev.weir.testing;

import java.io.IOException;

/**
 * An address of loopback that can be cut off: while it is, nothing arrives there, what was
 * connected before is silent, and what listens there can still speak to others.
 */
public final class DeafAddress implements AutoCloseable {
  private static final String PREFIX = "127.77.0.";

  private final String host;
  private boolean cut;

  private DeafAddress(String host) {
    this.host = host;
  }

  /** Whether this user may change routes here. */
  public static boolean allowed() throws IOException, InterruptedException {
    if (!Command.isThere("ip")) {
      return false;
    }
    DeafAddress probe = new DeafAddress(PREFIX + 254);
    boolean may = probe.route("add") == 0;
    probe.route("del");
    return may;
  }

  /** One of 253. */
  public static DeafAddress number(int number) {
    return new DeafAddress(PREFIX + number);
  }

  public String host() {
    return host;
  }

  public synchronized void cut() throws IOException, InterruptedException {
    change("add");
    cut = true;
  }

  public synchronized void heal() throws IOException, InterruptedException {
    change("del");
    cut = false;
  }

  private void change(String verb) throws IOException, InterruptedException {
    if (route(verb) != 0) {
      throw new IOException("no route may be changed for " + host);
    }
  }

  private int route(String verb) throws IOException, InterruptedException {
    return Command.of("ip", "route", verb, "blackhole", host + "/32", "table", "local")
        .run()
        .exitCode();
  }

  @Override
  public synchronized void close() throws IOException {
    try {
      if (cut) {
        heal();
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
