package dev.weir.log;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import net.logstash.logback.argument.StructuredArgument;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/**
 * One finished exchange, as the log tells it. What it writes of itself is the form of its line for
 * any appender; the process log makes the same bytes faster ({@link ExchangeLines}).
 *
 * @param url as requested; masked and escaped only when it is rendered
 * @param policy the policy's name, or empty where none was asked for
 * @param note what the reason's label leaves open (an origin failure's kind), or empty
 * @param leader the fill that was read along and is led by another request, or null
 * @param bytes of the body, as far as it was sent
 * @param complete whether the body was sent to its end
 */
public record ExchangeRecord(
    String id,
    InetSocketAddress client,
    String method,
    String url,
    int status,
    ServeReason reason,
    String policy,
    String note,
    @Nullable String leader,
    long bytes,
    long millis,
    boolean complete)
    implements StructuredArgument {

  @Override
  public void writeTo(JsonGenerator json) {
    json.writeStringProperty("id", id);
    json.writeStringProperty("client", clientText());
    json.writeStringProperty("method", LogText.escaped(method));
    json.writeStringProperty("url", LogText.url(url));
    json.writeNumberProperty("status", status);
    json.writeStringProperty("reason", reason.label());
    if (!policy.isEmpty()) {
      json.writeStringProperty("policy", policy);
    }
    if (!note.isEmpty()) {
      json.writeStringProperty("note", LogText.escaped(note));
    }
    if (leader != null) {
      json.writeStringProperty("leader", leader);
    }
    json.writeNumberProperty("bytes", bytes);
    json.writeNumberProperty("ms", millis);
    if (!complete) {
      json.writeBooleanProperty("complete", false);
    }
  }

  @Override
  public String toString() {
    StringBuilder line = new StringBuilder(160);
    line.append(id).append(' ').append(clientText()).append(' ').append(LogText.escaped(method));
    line.append(' ').append(LogText.url(url)).append(' ').append(status).append(' ');
    line.append(reason.label());
    if (!note.isEmpty()) {
      line.append('(').append(LogText.escaped(note)).append(')');
    }
    line.append(' ').append(bytes).append("B ").append(millis).append("ms");
    if (leader != null) {
      line.append(" leader=").append(leader);
    }
    return complete ? line.toString() : line.append(" cut").toString();
  }

  private String clientText() {
    InetAddress address = client.getAddress();
    return (address == null ? "-" : address.getHostAddress()) + ":" + client.getPort();
  }
}
