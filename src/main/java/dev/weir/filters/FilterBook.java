package dev.weir.filters;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.weir.proxy.filter.Filter;
import dev.weir.proxy.filter.FilterProvider;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The filters of a node: those that its plug-ins bring, and the chain of those that {@code
 * weir.filters.order} names, each made with its own block of settings. Where the order is empty no
 * plug-in is looked at.
 */
public final class FilterBook implements AutoCloseable {
  /** Keys of {@code weir.filters} that are no filter's name. */
  private static final Set<String> OWN_KEYS =
      Set.of("order", "phase-timeout", "slow-phase", "max-attempts", "max-delay");

  /**
   * A filter that could be used.
   *
   * @param place the jar or folder it is from
   * @param position in the order, from 1; 0 if it is not used
   */
  public record Entry(String name, String about, String place, int position, Set<Phase> phases) {}

  private final Plugins plugins;
  private final Filters filters;
  private final List<Entry> entries;

  private FilterBook(Plugins plugins, Filters filters, List<Entry> entries) {
    this.plugins = plugins;
    this.filters = filters;
    this.entries = List.copyOf(entries);
  }

  /**
   * Makes the chain; blocks on files, and on what the filters do.
   *
   * @param room the block {@code weir.filters}
   * @throws PluginException if it cannot be had as it is configured
   */
  public static FilterBook open(Path folder, Config room) {
    return open(folder, room, false);
  }

  /** The same with all plug-ins looked at, whether or not they are used: to be listed. */
  public static FilterBook list(Path folder, Config room) {
    return open(folder, room, true);
  }

  private static FilterBook open(Path folder, Config room, boolean all) {
    List<String> order = order(room);
    FilterTerms terms = terms(room);
    if (order.isEmpty() && !all) {
      return new FilterBook(Plugins.NONE, Filters.NONE, List.of());
    }
    Plugins plugins = Plugins.in(folder);
    Map<String, Filter<?>> made = new LinkedHashMap<>();
    try {
      Map<String, Plugins.Found> byName = byName(plugins.found());
      refuseStrangers(room, byName.keySet(), folder);
      for (String name : order) {
        made.put(name, make(room, name, byName, folder));
      }
      Filters filters = Filters.of(made, terms);
      return new FilterBook(plugins, filters, entries(byName, order, filters));
    } catch (RuntimeException e) {
      Filters.of(made, terms).close();
      plugins.close();
      throw e;
    }
  }

  public Filters filters() {
    return filters;
  }

  /** Every filter that the plug-ins bring: used ones in their order, then the others by name. */
  public List<Entry> entries() {
    return entries;
  }

  private static List<String> order(Config room) {
    List<String> order = room.getStringList("order");
    for (String name : order) {
      if (order.indexOf(name) != order.lastIndexOf(name)) {
        throw new PluginException(
            "%s: weir.filters.order names '%s' twice".formatted(place(room, "order"), name), null);
      }
    }
    return order;
  }

  private static FilterTerms terms(Config room) {
    try {
      return new FilterTerms(
          room.getDuration("phase-timeout").toMillis(),
          room.getDuration("slow-phase").toMillis(),
          room.getInt("max-attempts"),
          room.getDuration("max-delay").toMillis());
    } catch (IllegalArgumentException bad) {
      throw new PluginException(String.valueOf(bad.getMessage()), bad);
    }
  }

  private static Map<String, Plugins.Found> byName(List<Plugins.Found> found) {
    Map<String, Plugins.Found> byName = new TreeMap<>();
    for (Plugins.Found one : found) {
      Plugins.Found other = byName.put(one.name(), one);
      if (OWN_KEYS.contains(one.name())) {
        throw new PluginException(
            "plug-in %s: no filter can be named '%s'".formatted(one.place(), one.name()), null);
      }
      if (other != null) {
        throw new PluginException(
            "filter '%s' is in two plug-ins: %s and %s"
                .formatted(one.name(), other.place(), one.place()),
            null);
      }
    }
    return byName;
  }

  /** A block for a filter that there is not is a slip of the pen, and perhaps a hole. */
  private static void refuseStrangers(Config room, Set<String> known, Path folder) {
    for (String key : new TreeSet<>(room.root().keySet())) {
      if (!OWN_KEYS.contains(key) && !known.contains(key)) {
        throw new PluginException(
            "%s: weir.filters.%s: no plug-in in %s brings a filter of that name; there are: %s"
                .formatted(
                    place(room, key),
                    key,
                    folder,
                    known.isEmpty() ? "none" : String.join(", ", known)),
            null);
      }
    }
  }

  private static Filter<?> make(
      Config room, String name, Map<String, Plugins.Found> byName, Path folder) {
    Plugins.Found found = byName.get(name);
    if (found == null) {
      throw new PluginException(
          "%s: weir.filters.order: no plug-in in %s brings a filter '%s'; there are: %s"
              .formatted(
                  place(room, "order"),
                  folder,
                  name,
                  byName.isEmpty() ? "none" : String.join(", ", byName.keySet())),
          null);
    }
    BlockSettings settings =
        new BlockSettings(
            "weir.filters." + name,
            room.hasPath(name) ? room.getConfig(name) : ConfigFactory.empty());
    Filter<?> filter = made(found, settings);
    String unread = settings.unread();
    if (!unread.isEmpty()) {
      filter.close();
      throw new PluginException(unread, null);
    }
    return filter;
  }

  private static Filter<?> made(Plugins.Found found, BlockSettings settings) {
    FilterProvider provider = found.provider();
    try {
      return Objects.requireNonNull(provider.create(settings), "it made none");
    } catch (RuntimeException | LinkageError e) {
      throw new PluginException(
          "filter '%s' of plug-in %s cannot be made: %s"
              .formatted(found.name(), found.place(), sentence(e)),
          e);
    }
  }

  private static String sentence(Throwable e) {
    String message = e.getMessage();
    return message == null ? e.toString() : message;
  }

  private static List<Entry> entries(
      Map<String, Plugins.Found> byName, List<String> order, Filters filters) {
    List<Entry> entries = new ArrayList<>();
    List<String> names = new ArrayList<>(order);
    byName.keySet().stream().filter(name -> !order.contains(name)).forEach(names::add);
    for (String name : names) {
      Plugins.Found one = Objects.requireNonNull(byName.get(name));
      entries.add(
          new Entry(
              name,
              one.provider().about(),
              one.place(),
              order.indexOf(name) + 1,
              filters.phases(name)));
    }
    return entries;
  }

  private static String place(Config room, String key) {
    return room.getValue(key).origin().description();
  }

  @Override
  public void close() {
    filters.close();
    plugins.close();
  }
}
