package dev.weir.store.s3;

import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4FamilyHttpSigner.AuthLocation;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/** Signs URLs of objects in S3 (Signature Version 4, in the query). Pure but for its clock. */
final class Presigner {
  private final AwsV4HttpSigner signer = AwsV4HttpSigner.create();
  private final String region;
  private final Clock clock;

  Presigner(String region, Clock clock) {
    this.region = region;
    this.clock = clock;
  }

  /**
   * The URL by which anybody may do that with the object.
   *
   * @param object its URL, the path encoded
   * @param query parameters that are signed along, not encoded
   */
  String sign(
      SdkHttpMethod method,
      URI object,
      Map<String, String> query,
      AwsCredentialsIdentity credentials,
      Duration lifetime) {
    // The scheme is not part of what is signed, but the signer leaves the payload out for TLS only.
    SdkHttpRequest.Builder request =
        SdkHttpRequest.builder()
            .method(method)
            .protocol("https")
            .host(object.getHost())
            .encodedPath(object.getRawPath());
    if (object.getPort() >= 0) {
      request.port(object.getPort());
    }
    query.forEach(request::putRawQueryParameter);
    SdkHttpRequest signed =
        signer
            .sign(
                what ->
                    what.identity(credentials)
                        .request(request.build())
                        .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "s3")
                        .putProperty(AwsV4HttpSigner.REGION_NAME, region)
                        .putProperty(AwsV4HttpSigner.DOUBLE_URL_ENCODE, false)
                        .putProperty(AwsV4HttpSigner.NORMALIZE_PATH, false)
                        .putProperty(AwsV4HttpSigner.PAYLOAD_SIGNING_ENABLED, false)
                        .putProperty(AwsV4HttpSigner.AUTH_LOCATION, AuthLocation.QUERY_STRING)
                        .putProperty(AwsV4HttpSigner.EXPIRATION_DURATION, lifetime)
                        .putProperty(HttpSigner.SIGNING_CLOCK, clock))
            .request();
    return object.getScheme()
        + "://"
        + object.getRawAuthority()
        + signed.encodedPath()
        + "?"
        + signed.encodedQueryParameters().orElse("");
  }
}
