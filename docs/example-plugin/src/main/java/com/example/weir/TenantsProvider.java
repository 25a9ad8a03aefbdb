package com.example.weir;

import dev.weir.proxy.filter.Filter;
import dev.weir.proxy.filter.FilterProvider;
import dev.weir.proxy.filter.FilterSettings;
import java.util.List;

/** Makes the filter "tenants" from {@code weir.filters.tenants}. */
public final class TenantsProvider implements FilterProvider {
  @Override
  public String name() {
    return "tenants";
  }

  @Override
  public String about() {
    return "Each tenant, named by X-Tenant, has a cache of its own.";
  }

  @Override
  public Filter<?> create(FilterSettings settings) {
    List<String> tenants = settings.texts("names");
    if (tenants.isEmpty()) {
      throw settings.bad("names", "at least one tenant is needed");
    }
    return new TenantsFilter(tenants, settings.text("banner", ""));
  }
}
