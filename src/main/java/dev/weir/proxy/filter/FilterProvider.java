package dev.weir.proxy.filter;

/**
 * Makes one kind of filter from its settings. Named in {@code
 * META-INF/services/dev.weir.proxy.filter.FilterProvider} of the plug-in's jar; needs a public
 * constructor without parameters.
 */
public interface FilterProvider {
  /** Its name in {@code weir.filters.order}, in logs and in metrics: {@code [a-z][a-z0-9-]*}. */
  String name();

  /** One sentence for {@code weir filters}. */
  default String about() {
    return "";
  }

  /**
   * Makes the filter. Called once at start-up; may block. What it throws stops the start with its
   * message, so bad settings are best told by {@link FilterSettings#bad}.
   *
   * @param settings the block {@code weir.filters.<name>}; a key that is never read is refused
   */
  Filter<?> create(FilterSettings settings);
}
