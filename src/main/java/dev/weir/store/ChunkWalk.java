package dev.weir.store;

import dev.weir.entry.ChunkId;
import dev.weir.store.ChunkStore.Held;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The chunks under a folder, one after the other, while others come and go: what is gone by the
 * time it is looked at is left out. {@link Files#walk} and its kin end with an error there. Holds
 * one open folder for each level, and nothing for what it has passed.
 */
final class ChunkWalk implements Iterator<Held>, AutoCloseable {
  private static final Pattern CHUNK_NAME = Pattern.compile("[0-9a-f]{64}");
  private static final String UNLISTED = "The chunks cannot be listed";

  private final int depth;
  private final Deque<DirectoryStream<Path>> open = new ArrayDeque<>();
  private final Deque<Iterator<Path>> names = new ArrayDeque<>();
  private @Nullable Held next;

  private ChunkWalk(Path folder, int depth) {
    this.depth = depth;
    try {
      enter(folder);
    } catch (IOException e) {
      throw StoreException.of(UNLISTED, e);
    }
  }

  /**
   * To be closed. Files with other names than a chunk's are not ours and left alone.
   *
   * @param depth how many levels of names are looked at; 1 is the folder's own
   * @throws StoreException here or while it is read, if what is there cannot be examined
   */
  static Stream<Held> of(Path folder, int depth) {
    ChunkWalk walk = new ChunkWalk(folder, depth);
    int traits = Spliterator.DISTINCT | Spliterator.NONNULL;
    return StreamSupport.stream(Spliterators.spliteratorUnknownSize(walk, traits), false)
        .onClose(walk::close);
  }

  @Override
  public boolean hasNext() {
    while (next == null && !names.isEmpty()) {
      advance();
    }
    return next != null;
  }

  @Override
  public Held next() {
    if (!hasNext() || next == null) {
      throw new NoSuchElementException();
    }
    Held found = next;
    next = null;
    return found;
  }

  private void advance() {
    try {
      if (!names.element().hasNext()) {
        leave();
        return;
      }
      Path file = names.element().next();
      if (CHUNK_NAME.matcher(name(file)).matches()) {
        next = examined(file);
      } else if (names.size() < depth) {
        enter(file);
      }
    } catch (NoSuchFileException | NotDirectoryException _) {
      // gone meanwhile, or not ours
    } catch (DirectoryIteratorException e) {
      throw StoreException.of(UNLISTED, Objects.requireNonNull(e.getCause()));
    } catch (IOException e) {
      throw StoreException.of(UNLISTED, e);
    }
  }

  @SuppressWarnings("StreamResourceLeak") // closed when it is left, or with the walk
  private void enter(Path folder) throws IOException {
    DirectoryStream<Path> inside = Files.newDirectoryStream(folder);
    open.push(inside);
    names.push(inside.iterator());
  }

  private void leave() throws IOException {
    names.pop();
    open.pop().close();
  }

  /** Null if it is no file. */
  private static @Nullable Held examined(Path file) throws IOException {
    BasicFileAttributes found =
        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    return found.isRegularFile() ? new Held(new ChunkId(name(file)), found.size()) : null;
  }

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
  }

  @Override
  public void close() {
    try {
      while (!open.isEmpty()) {
        leave();
      }
    } catch (IOException e) {
      throw StoreException.of(UNLISTED, e);
    }
  }
}
