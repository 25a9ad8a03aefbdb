package dev.weir.testing;

import dev.weir.http.Headers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A package archive of one package that holds one file, signed with a key of its own: made with
 * {@code dpkg-deb} and {@code gpg}, told to apt to be asked for indexes by their hashes.
 *
 * @param files their content by the path below the archive's root
 * @param key the public half, as {@code signed-by} wants it
 * @param packagePath of the package among the files
 */
public record DebRepository(Map<String, byte[]> files, Path key, String packagePath) {
  /** The package's name. */
  public static final String PACKAGE = "weir-demo";

  /** The programs that make one. */
  public static final List<String> PROGRAMS = List.of("dpkg-deb", "gpg", "gpgconf");

  private static final String INDEX = "main/binary-amd64/";

  public DebRepository {
    files = Map.copyOf(files);
  }

  /** Makes one in a new folder there. */
  public static DebRepository make(Path folder) throws Exception {
    byte[] archive = archive(Files.createDirectories(folder.resolve("tree")));
    String packagePath = "pool/main/w/weir-demo/weir-demo_1.0_all.deb";
    byte[] packages =
        """
        Package: weir-demo
        Version: 1.0
        Architecture: all
        Maintainer: Tests <tests@weir.invalid>
        Description: one file
        Filename: %s
        Size: %d
        SHA256: %s

        """
            .formatted(packagePath, archive.length, digest(archive))
            .getBytes(StandardCharsets.US_ASCII);
    String release =
        """
        Origin: Tests
        Suite: stable
        Codename: stable
        Date: Thu, 01 Jan 2026 00:00:00 UTC
        Architectures: amd64
        Components: main
        Acquire-By-Hash: yes
        SHA256:
         %s %d %sPackages
        """
            .formatted(digest(packages), packages.length, INDEX);
    Path key = folder.resolve("archive.pgp");
    Map<String, byte[]> files = new TreeMap<>();
    files.put(packagePath, archive);
    files.put("dists/stable/" + INDEX + "by-hash/SHA256/" + digest(packages), packages);
    files.put("dists/stable/InRelease", signed(folder, release, key));
    return new DebRepository(files, key, packagePath);
  }

  /** Puts all of it at an origin, below that path; conditional requests get their 304. */
  public void serveAt(OriginServer origin, String base) {
    files.forEach(
        (path, content) -> {
          String tag = "\"" + digest(content).substring(0, 16) + "\"";
          Headers fields =
              Headers.of("ETag", tag, "Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT");
          origin.on(
              base + path,
              seen ->
                  tag.equals(seen.header("If-None-Match"))
                      ? Answer.of(304, fields, new byte[0])
                      : Answer.of(200, fields, content));
        });
  }

  private static byte[] archive(Path tree) throws Exception {
    Files.writeString(
        Files.createDirectories(tree.resolve("DEBIAN")).resolve("control"),
        """
        Package: weir-demo
        Version: 1.0
        Architecture: all
        Maintainer: Tests <tests@weir.invalid>
        Description: one file
        """);
    Files.writeString(
        Files.createDirectories(tree.resolve("usr/share/weir-demo")).resolve("there"), "yes\n");
    Path archive = tree.resolveSibling("weir-demo.deb");
    run(Command.of("dpkg-deb", "--root-owner-group", "--build", "" + tree, "" + archive));
    return Files.readAllBytes(archive);
  }

  /** The text with a signature around it, by a key that is made for it and let go. */
  private static byte[] signed(Path folder, String text, Path publicKey) throws Exception {
    // Its agent's sockets lie in the folder, and their names are bounded.
    Path home = Files.createTempDirectory("wg");
    Path plain = Files.writeString(folder.resolve("Release"), text);
    try {
      run(gpg(home, "--quick-generate-key", "Tests <tests@weir.invalid>", "rsa3072", "sign"));
      run(gpg(home, "--output", "" + publicKey, "--export"));
      run(gpg(home, "--output", plain + ".signed", "--clearsign", "" + plain));
      return Files.readAllBytes(Path.of(plain + ".signed"));
    } finally {
      Command.of("gpgconf", "--homedir", "" + home, "--kill", "all").run();
      Command.of("rm", "-rf", "" + home).run();
    }
  }

  private static Command gpg(Path home, String... words) {
    List<String> all =
        new ArrayList<>(
            List.of("gpg", "--homedir", "" + home, "--batch", "--pinentry-mode", "loopback"));
    all.addAll(List.of("--passphrase", ""));
    all.addAll(List.of(words));
    return Command.of(all);
  }

  private static void run(Command command) throws Exception {
    Command.Ended ended = command.run();
    if (ended.exitCode() != 0) {
      throw new IOException(ended.err() + ended.out());
    }
  }

  private static String digest(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
