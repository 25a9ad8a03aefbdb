package dev.weir.proxy.filter;

/**
 * What a cache key is made of. Two requests with equal keys get one another's responses: whatever
 * the answer depends on must be in it, or in the response's {@code Vary}.
 *
 * @param url the URL without what signs it, after the rules of keys
 * @param realm who it is for: empty for everybody, else any text, such as a tenant's name
 */
public record FilterKey(String url, String realm) {
  public FilterKey withRealm(String other) {
    return new FilterKey(url, other);
  }
}
