package dev.weir.cli;

import java.lang.reflect.Proxy;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The signals that end the process in good order: after them it exits with 0. A JVM left to itself
 * exits with 128 plus the signal's number, which supervisors take for a failure.
 *
 * <p>{@code sun.misc.Signal} is found by reflection because the compiler cannot be told to accept
 * it; where there is none, the shutdown hook still stops everything and only the exit code differs.
 */
final class EndSignals {
  private static final Logger LOG = LoggerFactory.getLogger(EndSignals.class);

  private EndSignals() {}

  /** From now on SIGTERM and SIGINT run the action and then end the process with 0. */
  static void handle(Runnable stop) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object ending =
          Proxy.newProxyInstance(
              EndSignals.class.getClassLoader(),
              new Class<?>[] {handler},
              (proxy, method, arguments) -> {
                stop.run();
                System.exit(0);
                return null;
              });
      for (String name : List.of("TERM", "INT")) {
        Object one = signal.getConstructor(String.class).newInstance(name);
        signal.getMethod("handle", signal, handler).invoke(null, one, ending);
      }
    } catch (ReflectiveOperationException absent) {
      LOG.debug("Signals are left to the JVM: {}", absent.toString());
    }
  }
}
