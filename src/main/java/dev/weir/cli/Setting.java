package dev.weir.cli;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One setting of {@code weir serve}. Its flag, its environment variable and its key in a
 * configuration file have one name: {@code --health-port}, {@code WEIR_HEALTH_PORT}, {@code
 * weir.health-port}. Defaults stand in {@code reference.conf} alone.
 *
 * @param name of the flag and the variable
 * @param keyName the name of the key below {@code weir}; another one only where a room has it
 * @param shortFlag a one-letter flag, or null
 * @param label what stands for the value in the help, or null for a switch
 */
record Setting(
    String name, String keyName, @Nullable String shortFlag, @Nullable String label, String help) {

  static final List<Setting> ALL =
      List.of(
          value("port", "-p", "PORT", "The port clients use as their proxy; 0 picks a free one."),
          value("bind", "-b", "ADDRESS", "The address to listen on."),
          value("health-port", null, "PORT", "Health, metrics and debug pages; 0 switches it off."),
          value("health-host", null, "ADDRESS", "The address of the health port."),
          value("data-dir", null, "DIR", "Where the CA, cached bodies and metadata are kept."),
          value("config", null, "FILE", "A HOCON file; every flag is a key below `weir` in it."),
          value("upstream-ca", null, "FILE", "PEM certificates to trust for origins as well."),
          value(
              "ca",
              null,
              "PEM",
              "The interception CA's key (and certificate): a path or inline PEM."),
          value("ca-cert", null, "PEM", "The CA's certificate (and chain): a path or inline PEM."),
          value("default-policy", null, "POLICY", "What no rule matches: " + policies() + "."),
          value(
              "policy-file",
              null,
              "FILE",
              "Rules of your own: files, or folders of *.conf; may be repeated."),
          value("plugins", null, "DIR", "Jars with filters; see weir.filters.order."),
          flag("allow-policy-header", null, "Let clients choose the policy with X-Weir-Policy."),
          value("public-proxy-url", null, "URL", "How clients reach this proxy, for /proxy-env."),
          value("no-proxy-extra", null, "LIST", "More names for NO_PROXY in /proxy-env."),
          value("pass-through-hosts", null, "LIST", "Hosts or .suffixes tunnelled unread."),
          value("allow-clients", null, "CIDRS", "Who may connect; default loopback and private."),
          value("allow-destinations", null, "LIST", "Hosts, .suffixes or CIDRs always allowed."),
          value("deny-destinations", null, "LIST", "Hosts, .suffixes or CIDRs always refused."),
          value("egress-proxy", null, "URL", "Ask origins through this proxy, by CONNECT."),
          value("egress-proxy-credentials", null, "file:PATH", "Its user:password."),
          value("egress-proxy-except", null, "LIST", "Hosts, .suffixes or CIDRs asked directly."),
          value("host-addresses", null, "LIST", "HOST=ADDRESS pairs used instead of the DNS."),
          value("connection-strategy", null, "lazy|eager", "When a CONNECT dials its origin."),
          value("upstream-connect-timeout", null, "SECONDS", "Name, TCP and TLS; 0 is no limit."),
          value("upstream-read-timeout", null, "SECONDS", "Longest silence of an origin."),
          value("log-level", null, "LEVEL", "error, warn, info, debug or trace."),
          value("fill-connections", null, "N", "Connections for one large body; 1: no parts."),
          value("disk-cache-size", null, "SIZE", "How many bytes of bodies to keep, as 20G."),
          value("elasticsearch-url", null, "URL", "Metadata in Elasticsearch or OpenSearch there."),
          value("elasticsearch-meta-index", null, "NAME", "Its index; made if it is missing."),
          value("elasticsearch-shards", null, "N", "Shards of an index that is made."),
          value("elasticsearch-replicas", null, "N", "Replicas of an index that is made."),
          value("elasticsearch-flush-interval", null, "SECONDS", "How often last uses go there."),
          value("elasticsearch-user", null, "NAME", "The user, if it asks for one."),
          value("elasticsearch-password", null, "file:PATH", "The user's password."),
          value("elasticsearch-api-key", null, "file:PATH", "An API key instead of a user."),
          value("elasticsearch-ca", null, "FILE", "PEM certificates to trust for it, no others."),
          value("s3-bucket", null, "BUCKET", "Keep bodies in this S3 bucket, the disk as a tier."),
          value("s3-endpoint", null, "URL", "An S3 server other than AWS, as http://minio:9000."),
          value("s3-region", null, "REGION", "Its region; default as the AWS tools find it."),
          value("s3-prefix", null, "PREFIX", "Before every key in the bucket."),
          value("s3-hash-prefix-depth", null, "N", "Levels of one hex digit above each object."),
          flag("object-redirect", null, "Send clients to the bucket for large hits (303)."),
          value("object-redirect-lifetime", null, "SECONDS", "How long such a URL is good."),
          value("object-redirect-base", null, "URL", "Before the key, instead of signing URLs."),
          flag("access-logs", null, "Access logs in Parquet (not yet: start-up refuses it)."),
          value("mode", null, "MODE", "regular, upstream, transparent: a proxy; reverse; mirror."),
          new Setting(
              "origin", "origin-url", null, "URL", "In reverse mode: the origin, http or https."),
          flag("preserve-host", null, "In reverse mode: the client's Host to the origin."),
          value("tls-cert", null, "PEM", "Reverse, mirror: serve TLS with this certificate chain."),
          value("tls-key", null, "PEM", "The key of --tls-cert: a path or inline PEM."),
          value("tls-name", null, "HOST", "Reverse, mirror: serve TLS as HOST, signed by our CA."),
          value("mirror-port", null, "PORT", "A mirror beside the proxy: GET /HOST/PATH there."),
          value("mirror-policy", null, "POLICY", "What no rule matches at a mirror, or `rules`."),
          value("mirror-hosts", null, "LIST", "What a mirror serves; `none`: its mounts only."),
          value(
              "mirror-allow-destinations",
              null,
              "LIST",
              "Hosts, .suffixes or CIDRs a mirror may go to, internal ones too."),
          flag("stale-on-connection-error", null, "At a mirror; on unless negated."),
          flag("stale-on-5xx", null, "At a mirror; on unless negated."),
          flag("stale-on-any-error", null, "At a mirror: 4xx too, but for 401, 403 and 407."),
          value("trusted-proxies", null, "CIDRS", "Whose X-Forwarded-For and the like count."),
          value(
              "proxy-protocol-from", null, "CIDRS", "Whose connections begin with PROXY headers."),
          value("drain-delay", null, "SECONDS", "After SIGTERM: not ready, but still serving."),
          value("cluster-dir", null, "DIR", "This node's folder, by `weir cluster init`."),
          value("cluster-host", null, "HOST", "Where the other nodes reach this one."),
          value("cluster-port", null, "PORT", "Control connections between nodes."),
          value("peer-port", null, "PORT", "Bytes between nodes; 0 is cluster-port + 1."),
          value("cluster-seeds", null, "LIST", "Nodes to join by: host:port, this one too."),
          value("cluster-dns", null, "NAME", "A name whose addresses are nodes to join by."),
          flag("verbose", "-v", "Log at debug level."),
          flag("debug", null, "Log at trace level."));

  private static String policies() {
    return "NoRefresh, Standard, StaleIfError, AlwaysUpstream, AlwaysValidate, NoCache";
  }

  private static Setting value(String name, @Nullable String shortFlag, String label, String help) {
    return new Setting(name, name, shortFlag, label, help);
  }

  private static Setting flag(String name, @Nullable String shortFlag, String help) {
    return new Setting(name, name, shortFlag, null, help);
  }

  boolean isSwitch() {
    return label == null;
  }

  /** Whether the flag may be given several times; otherwise its values have commas. */
  boolean isRepeatable() {
    return name.equals("policy-file");
  }

  String flag() {
    return "--" + name;
  }

  String environment() {
    return "WEIR_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
  }

  String key() {
    return "weir." + keyName;
  }
}
