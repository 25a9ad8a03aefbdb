package dev.weir.policy;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Values by domain suffix: {@code a.b} is found for {@code a.b} and for every name that ends in
 * {@code .a.b}; the longest suffix wins. Built once, read by many threads.
 */
final class SuffixTrie<T> {
  private final Map<String, SuffixTrie<T>> children = new HashMap<>();
  private @Nullable T value;

  static <T> SuffixTrie<T> of(Map<String, T> bySuffix) {
    SuffixTrie<T> root = new SuffixTrie<>();
    bySuffix.forEach(root::put);
    return root;
  }

  /** The value of the longest suffix of a host in lower case, or null. */
  @Nullable T find(String host) {
    SuffixTrie<T> node = this;
    T found = value;
    int end = host.length();
    while (end >= 0) {
      int dot = host.lastIndexOf('.', end - 1);
      node = node.children.get(host.substring(dot + 1, end));
      if (node == null) {
        return found;
      }
      found = node.value != null ? node.value : found;
      end = dot;
    }
    return found;
  }

  private void put(String suffix, T added) {
    SuffixTrie<T> node = this;
    int end = suffix.length();
    while (end >= 0) {
      int dot = suffix.lastIndexOf('.', end - 1);
      node = node.children.computeIfAbsent(suffix.substring(dot + 1, end), k -> new SuffixTrie<>());
      end = dot;
    }
    node.value = added;
  }
}
