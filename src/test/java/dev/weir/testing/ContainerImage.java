package dev.weir.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/**
 * An image of one layer that holds nothing, as an OCI layout in a folder.
 *
 * @param layerDigest the layer's SHA-256 in hexadecimal
 */
public record ContainerImage(String layerDigest) {
  /** Writes it there, tagged {@code made}. */
  public static ContainerImage write(Path folder) throws Exception {
    byte[] archive = new byte[1024]; // the end of a tar archive, and nothing before it
    byte[] layer = zipped(archive);
    byte[] config =
        """
        {"architecture":"amd64","os":"linux","config":{"Labels":{"made":"%d"}},
         "rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}
        """
            .formatted(new Random().nextLong(), digest(archive))
            .getBytes(StandardCharsets.UTF_8);
    byte[] manifest =
        """
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
         "config":{"mediaType":"application/vnd.oci.image.config.v1+json",
                   "digest":"sha256:%s","size":%d},
         "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip",
                    "digest":"sha256:%s","size":%d}]}
        """
            .formatted(digest(config), config.length, digest(layer), layer.length)
            .getBytes(StandardCharsets.UTF_8);
    Path blobs = Files.createDirectories(folder.resolve("blobs/sha256"));
    for (byte[] blob : new byte[][] {layer, config, manifest}) {
      Files.write(blobs.resolve(digest(blob)), blob);
    }
    Files.writeString(folder.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    Files.writeString(
        folder.resolve("index.json"),
        """
        {"schemaVersion":2,"manifests":[
         {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%d,
          "annotations":{"org.opencontainers.image.ref.name":"made"}}]}
        """
            .formatted(digest(manifest), manifest.length));
    return new ContainerImage(digest(layer));
  }

  private static byte[] zipped(byte[] plain) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(bytes)) {
      zip.write(plain);
    }
    return bytes.toByteArray();
  }

  private static String digest(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}
