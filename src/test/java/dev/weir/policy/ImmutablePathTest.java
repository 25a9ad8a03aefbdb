package dev.weir.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImmutablePathTest {
  private static final String HEX =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

  @ParameterizedTest
  @CsvSource({
    "/left-pad/-/left-pad-1.3.0.tgz, NPM_TARBALL",
    "/@scope/pkg/-/pkg-1.0.0-rc.1.tgz, NPM_TARBALL",
    "/@scope%2fpkg/-/pkg-1.0.0.tgz, NPM_TARBALL",
    "/mount/npm/left-pad/-/left-pad-1.3.0.tgz, NPM_TARBALL",
    "/maven2/org/a/lib/1.2/lib-1.2.jar, MAVEN_RELEASE",
    "/maven2/org/a/lib/1.2/lib-1.2-sources.jar, MAVEN_RELEASE",
    "/maven2/org/a/lib/1.2/lib-1.2.pom.sha1, MAVEN_RELEASE",
    "/maven2/org/a/lib/1.2/lib-1.2.jar.asc.sha512, MAVEN_RELEASE",
    "/m/org/a/lib/1.2/lib-1.2.module, MAVEN_RELEASE",
    "/debian/pool/main/f/foo/foo_1.2-3_amd64.deb, DEBIAN_POOL",
    "/debian/pool/main/f/foo/foo_1.2.orig.tar.xz, DEBIAN_POOL",
    "/debian/pool/main/f/foo/foo_1.2-3.dsc, DEBIAN_POOL",
    "/debian/pool/main/f/foo/foo_1%2bb1_all.udeb, DEBIAN_POOL",
    "/debian/pool/a.deb, DEBIAN_POOL",
    "/dists/sid/main/by-hash/SHA256/" + HEX + ", BY_HASH",
    "/dists/sid/main/by-hash/MD5Sum/d41d8cd98f00b204e9800998ecf8427e, BY_HASH",
    "/a/b/@v/v1.2.3.zip, GO_MODULE",
    "/a/b/@v/v1.2.3.mod, GO_MODULE",
    "/a/b/@v/v1.2.3.info, GO_MODULE",
    "/a/b/@v/v0.0.0-20200101000000-abcdefabcdef.zip, GO_MODULE",
    "/a/b/@v/v2.0.0+incompatible.zip, GO_MODULE",
    "/crates/serde/serde-1.0.0.crate, CARGO_CRATE",
    "/crates/a-b/a-b-1.0.0.crate, CARGO_CRATE",
    "/api/v1/crates/serde/1.0.0/download, CARGO_CRATE",
    "/v2/library/x/blobs/sha256:" + HEX + ", OCI_BLOB"
  })
  void knowsWhatNeverChanges(String path, ImmutablePath shape) {
    assertThat(shape.matches(path)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "*",
        "",
        "/left-pad",
        "/left-pad/-/left-pad-latest.tgz",
        "/left-pad/-/other-1.0.0.tgz",
        "/left-pad/-/left-pad-1.3.0.tgz.asc",
        "/-/npm/v1/security/audits",
        "/maven2/org/a/lib/maven-metadata.xml",
        "/maven2/org/a/lib/1.2-SNAPSHOT/maven-metadata.xml",
        "/maven2/org/a/lib/1.2-SNAPSHOT/lib-1.2-SNAPSHOT.jar",
        "/maven2/org/a/lib/1.2-SNAPSHOT/lib-1.2-20260101.000000-1.jar",
        "/maven2/org/a/lib/1.2-snapshot/lib-1.2-snapshot.jar",
        "/lib/1.2/lib-1.2.jar",
        "/docs/org/lib/1.2/lib-1.2.html",
        "/x/org/lib/latest/lib-latest.jar",
        "/maven2/org/a/lib/1.2/lib-1.20.jar",
        "/debian/dists/sid/InRelease",
        "/debian/pool/main/",
        "/debian/pool/index.html",
        "/dists/by-hash/SHA256/e3b0",
        "/dists/by-hash/SHA256/" + HEX + "/x",
        "/a/@v/list",
        "/a/@latest",
        "/a/@v/master.info",
        "/a/@v/v1.info",
        "/a/@v/v1.2.zip",
        "/crates/serde/latest/download",
        "/se/rd/serde",
        "/v2/x/manifests/latest",
        "/v2/x/blobs/uploads/1",
        "/v2/x/blobs/sha256:e3b0"
      })
  void doesNotTakeForImmutableWhatMoves(String path) {
    assertThat(Arrays.stream(ImmutablePath.values()).filter(shape -> shape.matches(path)))
        .isEmpty();
  }
}
