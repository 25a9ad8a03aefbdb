package dev.weir.cache;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.weir.entry.Entry;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import java.util.List;

/** A keeper's answer to a node's question. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Answer.Stored.class, name = "stored"),
  @JsonSubTypes.Type(value = Answer.Lead.class, name = "lead"),
  @JsonSubTypes.Type(value = Answer.Validate.class, name = "validate"),
  @JsonSubTypes.Type(value = Answer.Follow.class, name = "follow"),
  @JsonSubTypes.Type(value = Answer.Varies.class, name = "varies"),
  @JsonSubTypes.Type(value = Answer.Alone.class, name = "alone"),
})
public sealed interface Answer {
  record Stored(Lease lease) implements Answer {}

  /**
   * Fetch it.
   *
   * @param solo nobody else may wait for it (the key is remembered as uncacheable, or the request
   *     carries credentials)
   */
  record Lead(Grant grant, boolean solo) implements Answer {}

  record Validate(Grant grant, Entry entry) implements Answer {}

  record Follow(FillId fill, NodeId leader) implements Answer {}

  /** Ask again with the variant computed from these names. */
  record Varies(List<String> vary) implements Answer {
    public Varies {
      vary = List.copyOf(vary);
    }
  }

  /** Go to the origin alone, for that reason. */
  record Alone(String reason) implements Answer {}
}
