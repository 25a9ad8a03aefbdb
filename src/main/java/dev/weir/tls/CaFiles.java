package dev.weir.tls;

import static java.nio.file.StandardOpenOption.READ;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The CA in the data folder: {@code ca/ca.key} (0600) and {@code ca/ca.pem} in a folder of mode
 * 0700.
 *
 * <p>Both files are written into a new folder beside it, which then is renamed: a rename onto a
 * folder that is not empty fails, so of several processes that start at once one makes the CA and
 * the others read it, and no one ever sees a key without its certificate.
 */
final class CaFiles {
  private static final Logger LOG = LoggerFactory.getLogger(CaFiles.class);
  private static final String KEY = "ca.key";
  private static final String CERTIFICATE = "ca.pem";
  private static final String UNFINISHED = ".ca-new-";
  private static final Duration UNFINISHED_MAX_AGE = Duration.ofHours(1);

  private final Path dataDir;
  private final Path folder;
  private final Instant now;

  CaFiles(Path dataDir, Instant now) {
    this.dataDir = dataDir.toAbsolutePath();
    this.folder = this.dataDir.resolve("ca");
    this.now = now;
  }

  /** The CA that is there, or else a new one that from now on is there. */
  CaMaterial openOrCreate() {
    try {
      if (!isThere()) {
        create();
      }
      return load();
    } catch (IOException e) {
      throw new TlsConfigException(
          "the CA in "
              + folder
              + " cannot be read or made ("
              + e
              + "); check the folder's owner and free space, or choose another --data-dir",
          e);
    }
  }

  /** The CA that is there; {@code TlsConfigException} if there is none. */
  CaMaterial open() {
    if (!isThere()) {
      throw new TlsConfigException(
          "there is no CA in " + dataDir + " yet; start weir serve once, or check --data-dir");
    }
    return openOrCreate();
  }

  private boolean isThere() {
    return Files.exists(folder.resolve(KEY)) || Files.exists(folder.resolve(CERTIFICATE));
  }

  private CaMaterial load() throws IOException {
    Path key = folder.resolve(KEY);
    Path certificate = folder.resolve(CERTIFICATE);
    if (!Files.exists(key) || !Files.exists(certificate)) {
      throw new TlsConfigException(
          folder
              + " holds only one of ca.key and ca.pem; bring the other back, or remove the folder"
              + " to have a new CA made, which clients must then trust anew");
    }
    closeToOthers(key);
    return new CaParser(folder.toString(), now).parse(Pem.read(key), Pem.read(certificate));
  }

  private void closeToOthers(Path key) throws IOException {
    if (!Files.getPosixFilePermissions(key).equals(OwnerOnly.FILE)) {
      try {
        Files.setPosixFilePermissions(key, OwnerOnly.FILE);
        LOG.warn("{} could be read by others; its mode is 0600 again", key);
      } catch (FileSystemException e) {
        LOG.warn("{} can be read by others and its mode cannot be changed: {}", key, e.toString());
      }
    }
  }

  private void create() throws IOException {
    Files.createDirectories(dataDir);
    removeUnfinished();
    byte[] suffix = new byte[8];
    new SecureRandom().nextBytes(suffix);
    Path fresh = dataDir.resolve(UNFINISHED + HexFormat.of().formatHex(suffix));
    OwnerOnly.createFolder(fresh);
    try {
      CaMaterial made = CaMaker.make(now);
      OwnerOnly.write(fresh.resolve(KEY), Pem.write("PRIVATE KEY", made.key().getEncoded()));
      OwnerOnly.write(fresh.resolve(CERTIFICATE), Pem.write(made.certificate()));
      sync(fresh);
      Files.move(fresh, folder, StandardCopyOption.ATOMIC_MOVE);
      sync(dataDir);
      LOG.info("made a new CA in {}; clients must trust {}", folder, folder.resolve(CERTIFICATE));
    } catch (FileSystemException e) {
      if (!isThere()) {
        throw e;
      }
      LOG.debug("another process made the CA first");
    } finally {
      remove(fresh);
    }
  }

  private static void sync(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, READ)) {
      channel.force(true);
    }
  }

  /** What a process that died half-way left; young ones may belong to one that still runs. */
  private void removeUnfinished() throws IOException {
    try (DirectoryStream<Path> left = Files.newDirectoryStream(dataDir, UNFINISHED + "*")) {
      for (Path folderLeft : left) {
        Instant changed = Files.getLastModifiedTime(folderLeft).toInstant();
        if (changed.isBefore(now.minus(UNFINISHED_MAX_AGE))) {
          remove(folderLeft);
        }
      }
    }
  }

  private static void remove(Path directory) throws IOException {
    Files.deleteIfExists(directory.resolve(KEY));
    Files.deleteIfExists(directory.resolve(CERTIFICATE));
    Files.deleteIfExists(directory);
  }
}
