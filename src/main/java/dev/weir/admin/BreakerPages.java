package dev.weir.admin;

import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.Query;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/** {@code /breakers}: the origins that are left alone, and what operators say of them. */
final class BreakerPages {
  private final Operations operations;
  private final long maxBanSeconds;

  BreakerPages(Operations operations, long maxBanSeconds) {
    this.maxBanSeconds = maxBanSeconds;
    this.operations = operations;
  }

  /** Answers somebody who may operate this node. */
  HttpResponse answer(HttpRequest request) {
    Query query = request.getUri().query();
    String host = query.get("host").orElse("");
    return switch (request.getUri().path()) {
      case "/breakers" ->
          request.method().equals(HttpMethods.GET)
              ? HealthServer.json(200, operations.breakers())
              : other("GET");
      case "/breakers/ban" ->
          request.method().equals(HttpMethods.POST)
              ? ban(host, query.get("seconds").orElse("0"))
              : other("POST");
      case "/breakers/unban" ->
          request.method().equals(HttpMethods.POST)
              ? done(operations.unban(host), "not banned any more")
              : other("POST");
      default ->
          HealthServer.text(
              404,
              "GET /breakers, POST /breakers/ban?host=HOST&seconds=N, /breakers/unban?host=HOST\n");
    };
  }

  private HttpResponse ban(String host, String text) {
    long seconds;
    try {
      seconds = Long.parseLong(text);
    } catch (NumberFormatException none) {
      seconds = -1;
    }
    return seconds < 0 || seconds > maxBanSeconds
        ? HealthServer.text(
            400, "seconds= must be a number up to " + maxBanSeconds + "; 0 is without end\n")
        : done(operations.ban(host, seconds), "banned");
  }

  private static HttpResponse done(boolean good, String words) {
    return good
        ? HealthServer.text(200, words + "\n")
        : HealthServer.text(400, "host= must be a host, or a host and port\n");
  }

  private static HttpResponse other(String method) {
    return HealthServer.text(405, method + " here\n").addHeader(RawHeader.create("Allow", method));
  }
}
