package dev.weir.filters;

import dev.weir.http.RequestHead;
import dev.weir.proxy.filter.FilterExchange;
import java.net.InetSocketAddress;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/** An exchange as one filter sees it. */
final class FilterView implements FilterExchange<Object> {
  private final FilterRun run;
  private final Link link;
  private final @Nullable Object context;

  FilterView(FilterRun run, Link link, @Nullable Object context) {
    this.run = run;
    this.link = link;
    this.context = context;
  }

  @Override
  public String id() {
    return run.incoming().id();
  }

  /** Null for a filter that makes none: its type says so, and it never asks. */
  @Override
  @SuppressWarnings("NullAway")
  public Object context() {
    return context;
  }

  @Override
  public RequestHead request() {
    return run.request();
  }

  @Override
  public InetSocketAddress client() {
    return run.incoming().client();
  }

  @Override
  public InetSocketAddress listener() {
    return run.incoming().listener();
  }

  @Override
  public ConcurrentMap<String, Object> connection() {
    return run.chain().kept(run.incoming().connection(), link);
  }

  @Override
  public boolean background() {
    return run.incoming().background();
  }

  @Override
  public int attempts() {
    return run.attempts();
  }
}
