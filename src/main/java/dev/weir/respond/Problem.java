package dev.weir.respond;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * An error of our own as a problem document (RFC 9457): the cause in one sentence, and the id under
 * which the log tells more. Never holds anything of the request's fields.
 *
 * @param kind what the log and Cache-Status call it, a token
 * @param hint what a client could do, or null
 */
public record Problem(int status, String kind, String detail, @Nullable String hint) {
  public static final String MEDIA_TYPE = "application/problem+json";

  public Problem(int status, String kind, String detail) {
    this(status, kind, detail, null);
  }

  /** The document, with the request's id. */
  public byte[] json(String requestId) {
    StringBuilder json = new StringBuilder(256);
    json.append("{\"title\":");
    quote(json, title(status));
    json.append(",\"status\":").append(status).append(",\"detail\":");
    quote(json, detail);
    if (hint != null) {
      json.append(",\"hint\":");
      quote(json, hint);
    }
    json.append(",\"kind\":");
    quote(json, kind);
    json.append(",\"request_id\":");
    quote(json, requestId);
    return json.append("}\n").toString().getBytes(StandardCharsets.UTF_8);
  }

  /** The usual phrase of a status that this cache produces itself, by a rule too. */
  public static String title(int status) {
    return switch (status) {
      case 400 -> "Bad Request";
      case 401 -> "Unauthorized";
      case 402 -> "Payment Required";
      case 403 -> "Forbidden";
      case 404 -> "Not Found";
      case 405 -> "Method Not Allowed";
      case 406 -> "Not Acceptable";
      case 408 -> "Request Timeout";
      case 409 -> "Conflict";
      case 410 -> "Gone";
      case 411 -> "Length Required";
      case 412 -> "Precondition Failed";
      case 413 -> "Content Too Large";
      case 414 -> "URI Too Long";
      case 415 -> "Unsupported Media Type";
      case 416 -> "Range Not Satisfiable";
      case 417 -> "Expectation Failed";
      case 418 -> "I'm a Teapot";
      case 421 -> "Misdirected Request";
      case 422 -> "Unprocessable Content";
      case 423 -> "Locked";
      case 424 -> "Failed Dependency";
      case 425 -> "Too Early";
      case 426 -> "Upgrade Required";
      case 428 -> "Precondition Required";
      case 429 -> "Too Many Requests";
      case 431 -> "Request Header Fields Too Large";
      case 451 -> "Unavailable For Legal Reasons";
      case 500 -> "Internal Server Error";
      case 501 -> "Not Implemented";
      case 502 -> "Bad Gateway";
      case 503 -> "Service Unavailable";
      case 504 -> "Gateway Timeout";
      case 508 -> "Loop Detected";
      default -> "Error";
    };
  }

  /** A JSON string; what could end a script element or confuse a terminal is escaped as well. */
  private static void quote(StringBuilder json, String text) {
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (c < 0x20 || c >= 0x7f || c == '<' || c == '>' || c == '&') {
        json.append("\\u").append(Integer.toHexString(0x10000 | c), 1, 5);
      } else {
        json.append(c);
      }
    }
    json.append('"');
  }
}
