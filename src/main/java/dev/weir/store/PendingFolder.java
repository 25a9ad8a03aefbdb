package dev.weir.store;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.Manifest;
import dev.weir.entry.NodeId;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder {@code pending/<tag>/} of each held entry: a hard link to each of its chunks, and last
 * of all the record of the entry. Without a record it is a leftover of a crash and deleted at the
 * next start. All methods block.
 */
final class PendingFolder {
  private static final Logger log = LoggerFactory.getLogger(PendingFolder.class);
  private static final String RECORD = "entry";
  private static final int FORMAT = 1;

  private final Path root;
  private final Durable durable;
  private final Function<ChunkId, Path> chunkPath;

  /**
   * @param chunkPath where the disk tier has a chunk; on the same file system
   */
  PendingFolder(Path root, StoreSettings.Chunks settings, Function<ChunkId, Path> chunkPath) {
    this.root = root;
    this.durable = Durable.of(settings);
    this.chunkPath = chunkPath;
  }

  /** Each chunk of an entry with its length in bytes; blocks where a manifest has to be read. */
  Map<ChunkId, Long> lengths(Entry entry) {
    return BodyChunks.lengths(entry.body(), body -> manifest(entry.tag(), body));
  }

  /** From this folder, or from the disk tier before it is linked here. */
  private Manifest manifest(FillId tag, Body.Listed body) {
    Path linked = file(tag, body.manifest());
    Path path = Files.exists(linked) ? linked : chunkPath.apply(body.manifest());
    try {
      return ManifestCodec.decode(body, Files.readAllBytes(path));
    } catch (IOException e) {
      throw StoreException.of("The manifest of a held entry cannot be read", e);
    }
  }

  Path file(FillId tag, ChunkId id) {
    return folder(tag).resolve(id.hex());
  }

  private Path folder(FillId tag) {
    return root.resolve(tag.text());
  }

  void write(HeldEntry held) {
    FillId tag = held.entry().tag();
    try {
      Files.createDirectories(folder(tag));
      for (ChunkId id : lengths(held.entry()).keySet()) {
        link(file(tag, id), chunkPath.apply(id));
      }
      FaultPoints.reached(FaultPoints.Point.HELD_WITHOUT_RECORD);
      Path part = folder(tag).resolve(RECORD + ".part");
      Files.write(part, encode(held));
      durable.syncFile(part);
      durable.move(part, folder(tag).resolve(RECORD));
      FaultPoints.reached(FaultPoints.Point.HELD);
    } catch (IOException e) {
      delete(tag);
      throw StoreException.of("An entry cannot be held", e);
    }
  }

  private static void link(Path link, Path existing) throws IOException {
    try {
      Files.createLink(link, existing);
    } catch (FileAlreadyExistsException _) {
      // The same bytes by their name.
    }
  }

  /** What a former run had held; leftovers go. */
  List<HeldEntry> load() {
    List<HeldEntry> found = new ArrayList<>();
    try {
      Files.createDirectories(root);
      try (DirectoryStream<Path> folders = Files.newDirectoryStream(root)) {
        for (Path folder : folders) {
          FillId tag = new FillId(String.valueOf(folder.getFileName()));
          Optional<HeldEntry> held = read(tag);
          held.ifPresentOrElse(found::add, () -> delete(tag));
        }
      }
    } catch (IOException e) {
      throw StoreException.of("The folder of held entries cannot be read", e);
    }
    return found;
  }

  private Optional<HeldEntry> read(FillId tag) {
    try {
      if (!Files.exists(folder(tag).resolve(RECORD))) {
        return Optional.empty();
      }
      HeldEntry held = decode(Files.readAllBytes(folder(tag).resolve(RECORD)));
      for (ChunkId id : lengths(held.entry()).keySet()) {
        restore(tag, id);
      }
      return Optional.of(held);
    } catch (IOException | StoreException e) {
      log.warn("A held entry cannot be used again: {}", LogText.escape(e.toString()));
      return Optional.empty();
    }
  }

  /** Brings a chunk back that is only here; fails if it is nowhere. */
  private void restore(FillId tag, ChunkId id) throws IOException {
    Path target = chunkPath.apply(id);
    if (Files.exists(target)) {
      link(file(tag, id), target);
    } else {
      Path directory = target.getParent();
      if (directory != null) {
        Files.createDirectories(directory);
      }
      Files.createLink(target, file(tag, id));
    }
  }

  /** The record goes first: what is left without one is nobody's. */
  void delete(FillId tag) {
    try {
      Files.deleteIfExists(folder(tag).resolve(RECORD));
      if (!Files.isDirectory(folder(tag))) {
        return;
      }
      try (DirectoryStream<Path> files = Files.newDirectoryStream(folder(tag))) {
        for (Path file : files) {
          Files.deleteIfExists(file);
        }
      }
      Files.deleteIfExists(folder(tag));
    } catch (IOException e) {
      log.warn("A folder of a held entry stays: {}", LogText.escape(e.toString()));
    }
  }

  private static byte[] encode(HeldEntry held) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(FORMAT);
      out.writeUTF(held.grant().fill().text());
      out.writeLong(held.grant().epoch().value());
      out.writeUTF(held.grant().leader().text());
      out.writeInt(held.vary().size());
      for (String name : held.vary()) {
        out.writeUTF(name);
      }
      byte[] document = DocumentCodec.encode(new Document.EntryDocument(held.entry()));
      out.writeInt(document.length);
      out.write(document);
    }
    return bytes.toByteArray();
  }

  private static HeldEntry decode(byte[] record) throws IOException {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(record))) {
      if (in.readInt() != FORMAT) {
        throw new IOException("its format is not known");
      }
      FillId fill = new FillId(in.readUTF());
      Epoch epoch = new Epoch(in.readLong());
      NodeId leader = new NodeId(in.readUTF());
      int names = in.readInt();
      List<String> vary = new ArrayList<>();
      for (int i = 0; i < names; i++) {
        vary.add(in.readUTF());
      }
      byte[] document = in.readNBytes(in.readInt());
      if (!(DocumentCodec.decode(document, 0, document.length)
          instanceof Document.EntryDocument(Entry entry))) {
        throw new IOException("it holds no entry");
      }
      return new HeldEntry(new Grant(entry.key(), fill, epoch, leader), entry, List.copyOf(vary));
    }
  }
}
