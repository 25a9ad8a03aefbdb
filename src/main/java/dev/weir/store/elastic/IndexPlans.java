package dev.weir.store.elastic;

import dev.weir.store.elastic.ElasticClient.IndexPlan;
import java.util.List;

/**
 * The indices: documents, last uses, and notes. Strict mappings: an unknown field is a mistake of
 * ours. Indexed is what people search by (host, url, key, status, times, sizes); the rest is kept
 * and not looked into.
 */
final class IndexPlans {
  /** In the mapping's {@code _meta}: by this an index is known to be ours. */
  static final String MARK = "weir";

  private static final String DOCUMENTS =
      """
      {"dynamic":"strict","_meta":{"weir":1},"properties":{
        "doc_type":{"type":"keyword"},
        "scheme":{"type":"keyword"},
        "host":{"type":"keyword","ignore_above":1024},
        "key":{"type":"keyword"},
        "variant":{"type":"keyword"},
        "url":{"type":"keyword","ignore_above":8000},
        "method":{"type":"keyword","ignore_above":64},
        "status_code":{"type":"integer"},
        "reason":{"type":"object","enabled":false},
        "headers":{"type":"object","enabled":false},
        "requested_at":{"type":"date","format":"epoch_millis"},
        "stored_at":{"type":"date","format":"epoch_millis"},
        "epoch":{"type":"long"},
        "tag":{"type":"keyword","index":false},
        "content_size":{"type":"long"},
        "body_digest":{"type":"keyword"},
        "body_b64":{"type":"binary"},
        "manifest_b64":{"type":"binary"},
        "manifest_chunk":{"type":"keyword"},
        "manifest_size":{"type":"long"},
        "chunk_size":{"type":"long"},
        "segments":{"type":"object","enabled":false},
        "vary":{"type":"object","enabled":false},
        "variants":{"type":"object","enabled":false}
      }}\
      """;

  private static final String USES =
      """
      {"dynamic":"strict","_meta":{"weir":1},"properties":{
        "last_access":{"type":"date","format":"epoch_millis"}
      }}\
      """;

  private static final String NOTES =
      """
      {"dynamic":"strict","_meta":{"weir":1},"properties":{
        "note":{"type":"keyword","index":false,"doc_values":false}
      }}\
      """;

  private IndexPlans() {}

  static List<IndexPlan> of(ElasticSettings settings) {
    return List.of(
        new IndexPlan(settings.index(), settings.shards(), settings.replicas(), DOCUMENTS),
        new IndexPlan(settings.usesIndex(), settings.shards(), settings.replicas(), USES),
        new IndexPlan(settings.notesIndex(), 1, settings.replicas(), NOTES));
  }
}
