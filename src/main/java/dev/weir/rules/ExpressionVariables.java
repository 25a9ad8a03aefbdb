package dev.weir.rules;

import dev.cel.runtime.CelVariableResolver;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import dev.weir.policy.Subject;
import java.net.InetAddress;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What expressions know of a request and its response, worked out only where it is asked for. */
final class ExpressionVariables implements CelVariableResolver {
  private final Subject subject;
  private final @Nullable ResponseHead response;
  private @Nullable Map<String, String> requestFields;
  private @Nullable Map<String, String> responseFields;

  ExpressionVariables(Subject subject, @Nullable ResponseHead response) {
    this.subject = subject;
    this.response = response;
  }

  @Override
  public Optional<Object> find(String name) {
    if (name.startsWith(ExpressionLanguage.RESPONSE)) {
      return response == null ? Optional.empty() : ofResponse(name, response);
    }
    return Optional.ofNullable(
        switch (name) {
          case "request.method" -> subject.method();
          case "request.scheme" -> scheme();
          case "request.host" -> subject.host();
          case "request.port" -> port();
          case "request.path" -> subject.path();
          case "request.query" -> query();
          case "request.url" -> subject.url();
          case "request.headers" -> requestFields();
          case "client.address" -> address();
          case "client.listener" -> (long) subject.caller().listenerPort();
          default -> null;
        });
  }

  private Optional<Object> ofResponse(String name, ResponseHead head) {
    return Optional.ofNullable(
        switch (name) {
          case "response.status" -> (long) head.status();
          case "response.headers" -> responseFields(head);
          default -> null;
        });
  }

  private String scheme() {
    return subject.lowerUrl().substring(0, subject.lowerUrl().indexOf(':'));
  }

  private long port() {
    String url = subject.lowerUrl();
    int start = url.indexOf("://") + 3 + subject.host().length();
    start += url.startsWith("[", url.indexOf("://") + 3) ? 2 : 0;
    int end = start + 1;
    while (end < url.length() && Character.isDigit(url.charAt(end))) {
      end++;
    }
    boolean isGiven = start < url.length() && url.charAt(start) == ':' && end > start + 1;
    return isGiven
        ? Long.parseLong(url.substring(start + 1, end))
        : Authority.defaultPort(scheme());
  }

  private String query() {
    int question = subject.url().indexOf('?');
    return question < 0 ? "" : subject.url().substring(question + 1);
  }

  private String address() {
    InetAddress address = subject.caller().address();
    return address == null ? "" : address.getHostAddress();
  }

  private Map<String, String> requestFields() {
    Map<String, String> fields = requestFields;
    if (fields == null) {
      fields = fields(subject.headers());
      requestFields = fields;
    }
    return fields;
  }

  private Map<String, String> responseFields(ResponseHead head) {
    Map<String, String> fields = responseFields;
    if (fields == null) {
      fields = fields(head.headers());
      responseFields = fields;
    }
    return fields;
  }

  /** By lower-case names; several lines of one name as one (RFC 9110 5.2). */
  private static Map<String, String> fields(Headers headers) {
    Map<String, String> fields = new TreeMap<>();
    for (int i = 0; i < headers.size(); i++) {
      fields.merge(
          headers.name(i).toLowerCase(Locale.ROOT),
          headers.value(i),
          (one, more) -> one + ", " + more);
    }
    return fields;
  }
}
