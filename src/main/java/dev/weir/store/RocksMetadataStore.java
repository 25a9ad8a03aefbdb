package dev.weir.store;

import dev.weir.entry.Entry;
import dev.weir.store.RocksDatabase.Resident;
import dev.weir.store.RocksDatabase.Row;
import dev.weir.store.RocksDatabase.Table;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Metadata in a RocksDB under the data folder. This process is the only writer, so a conditional
 * write is a comparison under a lock on the id's stripe; versions come from one counter that never
 * goes back, so a deleted and recreated document has another version.
 *
 * <p>A read that RocksDB can answer from its memory (some microseconds) is answered in the caller's
 * thread, which never waits for a disk; everything else runs on a few threads of its own. Stages
 * may complete on those threads: do little there.
 *
 * <p>A row is: format 1 (1 byte), version (8), the document as {@link DocumentCodec} writes it.
 */
public final class RocksMetadataStore implements LocalMetadata {
  private static final Logger log = LoggerFactory.getLogger(RocksMetadataStore.class);
  private static final byte ROW_FORMAT = 1;
  private static final int ROW_HEAD_BYTES = 1 + Long.BYTES;
  private static final int STRIPES = 256;

  /** Decoding more than this is not done in the caller's thread. */
  private static final int MAX_INLINE_DECODE_BYTES = 64 << 10;

  private final RocksDatabase database;
  private final StoreSettings.Metadata settings;
  private final BlockingPool pool;
  private final Repeating flushing;
  private final LastAccess lastAccess;
  private final AtomicLong versions;
  private final Lock[] stripes = new Lock[STRIPES];
  private final Notes notes = new InRows();

  private RocksMetadataStore(RocksDatabase database, StoreSettings.Metadata settings) {
    this.database = database;
    this.settings = settings;
    this.pool = new BlockingPool("metadata", settings.threads(), settings.queue());
    this.lastAccess = new LastAccess(database, settings);
    this.versions = new AtomicLong(database.sequence());
    Arrays.setAll(stripes, _ -> new ReentrantLock());
    this.flushing =
        new Repeating(
            "last-access",
            settings.touchFlushIntervalMillis(),
            () -> pool.tryRun(this::flushQuietly));
  }

  /** Opens or creates the store; blocks. Fails if another process has the folder open. */
  public static RocksMetadataStore open(Path folder, StoreSettings.Metadata settings) {
    return new RocksMetadataStore(RocksDatabase.open(folder, settings), settings);
  }

  @Override
  public CompletionStage<List<Optional<Versioned>>> read(List<String> ids) {
    try {
      List<Optional<Versioned>> resident = readResident(ids);
      return resident != null
          ? CompletableFuture.completedStage(resident)
          : pool.call(() -> ids.stream().map(this::readOne).toList());
    } catch (StoreException e) {
      return CompletableFuture.failedStage(e);
    }
  }

  private @Nullable List<Optional<Versioned>> readResident(List<String> ids) {
    List<Optional<Versioned>> found = new ArrayList<>(ids.size());
    for (String id : ids) {
      Resident resident = database.getResident(Table.DOCUMENTS, key(id));
      byte[] row = resident.value();
      if (!resident.known() || (row != null && row.length > MAX_INLINE_DECODE_BYTES)) {
        return null;
      }
      found.add(row == null ? Optional.empty() : Optional.of(decodeOrRemove(key(id), row)));
    }
    return found;
  }

  private Optional<Versioned> readOne(String id) {
    byte[] row = database.get(Table.DOCUMENTS, key(id));
    return row == null ? Optional.empty() : Optional.of(decodeOrRemove(key(id), row));
  }

  /** A damaged document fails this read and is removed, or its key could never be stored again. */
  private Versioned decodeOrRemove(byte[] key, byte[] row) {
    try {
      return decode(row);
    } catch (StoreException e) {
      pool.tryRun(() -> removeDamaged(new Row(key, row)));
      throw e;
    }
  }

  @Override
  public CompletionStage<WriteResult> write(Document document, Version expected) {
    return pool.call(
        () -> {
          byte[] json = DocumentCodec.encode(document);
          byte[] key = key(document.id());
          return exclusively(
              Table.DOCUMENTS,
              key,
              expected,
              () -> new WriteResult.Written(version(putRow(Table.DOCUMENTS, key, json))));
        });
  }

  private long putRow(Table table, byte[] key, byte[] json) {
    long version = versions.incrementAndGet();
    ByteBuffer row = ByteBuffer.allocate(ROW_HEAD_BYTES + json.length);
    row.put(ROW_FORMAT).putLong(version).put(json);
    database.put(table, key, row.array());
    return version;
  }

  @Override
  public CompletionStage<WriteResult> delete(String id, Version expected) {
    return pool.call(
        () -> {
          byte[] key = key(id);
          return exclusively(
              Table.DOCUMENTS,
              key,
              expected,
              () -> {
                database.deleteDocument(key);
                lastAccess.forget(id);
                return new WriteResult.Written(Version.ABSENT);
              });
        });
  }

  /** Acts if the stored version is the expected one, with the id's stripe locked. */
  private WriteResult exclusively(
      Table table, byte[] key, Version expected, Supplier<WriteResult> action) {
    database.mend();
    Lock stripe = stripe(key);
    stripe.lock();
    try {
      byte[] row = database.get(table, key);
      Version stored = row == null ? Version.ABSENT : version(row);
      if (!stored.equals(expected)) {
        return new WriteResult.Conflict();
      }
      return action.get();
    } finally {
      stripe.unlock();
    }
  }

  @Override
  public Source<Versioned, NotUsed> scan() {
    return Source.unfoldAsync(
            Optional.<byte[]>empty(), after -> pool.call(() -> nextPage(after.orElse(null))))
        .mapConcat(page -> page);
  }

  @Override
  public Source<Versioned, NotUsed> scanAll() {
    return rows(Table.DOCUMENTS).map(RocksMetadataStore::decodeNamed);
  }

  @Override
  public Source<Boolean, NotUsed> damaged(boolean remove) {
    return rows(Table.DOCUMENTS)
        .filter(row -> decodeOrSkip(row) == null)
        .mapAsync(1, row -> pool.call(() -> remove && removeDamaged(row) > 0));
  }

  private Source<Row, NotUsed> rows(Table table) {
    return Source.unfoldAsync(
            Optional.<byte[]>empty(),
            after ->
                pool.call(
                    () -> {
                      List<Row> rows =
                          database.page(table, after.orElse(null), settings.scanPage());
                      return rows.isEmpty()
                          ? Optional.<Pair<Optional<byte[]>, List<Row>>>empty()
                          : Optional.of(Pair.create(Optional.of(rows.getLast().key()), rows));
                    }))
        .mapConcat(page -> page);
  }

  @Override
  public Notes notes() {
    return notes;
  }

  /** Notes as rows of a table of their own; the text follows the head. */
  private final class InRows implements Notes {
    @Override
    public CompletionStage<Optional<Note>> read(String id) {
      return pool.call(
          () -> {
            byte[] row = database.get(Table.NOTES, key(id));
            return row == null ? Optional.empty() : Optional.of(note(id, row));
          });
    }

    @Override
    public CompletionStage<WriteResult> write(String id, String text, Version expected) {
      byte[] key = key(id);
      return pool.call(
          () ->
              exclusively(
                  Table.NOTES,
                  key,
                  expected,
                  () ->
                      new WriteResult.Written(
                          version(
                              putRow(Table.NOTES, key, text.getBytes(StandardCharsets.UTF_8))))));
    }

    @Override
    public CompletionStage<WriteResult> delete(String id, Version expected) {
      byte[] key = key(id);
      return pool.call(
          () ->
              exclusively(
                  Table.NOTES,
                  key,
                  expected,
                  () -> {
                    database.delete(Table.NOTES, key);
                    return new WriteResult.Written(Version.ABSENT);
                  }));
    }

    @Override
    public Source<Note, NotUsed> scan() {
      return rows(Table.NOTES)
          .map(row -> note(new String(row.key(), StandardCharsets.UTF_8), row.value()));
    }

    private static Note note(String id, byte[] row) {
      Version version = version(row);
      int length = row.length - ROW_HEAD_BYTES;
      return new Note(id, new String(row, ROW_HEAD_BYTES, length, StandardCharsets.UTF_8), version);
    }
  }

  private Optional<Pair<Optional<byte[]>, List<Versioned>>> nextPage(byte @Nullable [] after) {
    List<Row> rows = database.page(Table.DOCUMENTS, after, settings.scanPage());
    if (rows.isEmpty()) {
      return Optional.empty();
    }
    List<Versioned> documents = new ArrayList<>(rows.size());
    for (Row row : rows) {
      Versioned document = decodeOrSkip(row);
      if (document != null) {
        documents.add(document);
      }
    }
    return Optional.of(Pair.create(Optional.of(rows.getLast().key()), documents));
  }

  @Override
  public CompletionStage<List<Entry>> entries(String host, String after, int limit) {
    return pool.call(
        () -> {
          List<Entry> found = new ArrayList<>();
          // As ids begin; "http/" sorts before "https/".
          for (String scheme : host.isEmpty() ? List.of("") : List.of("http", "https")) {
            String prefix = host.isEmpty() ? "" : scheme + "/" + host + "/";
            collect(prefix, after.compareTo(prefix) > 0 ? after : prefix, limit, found);
          }
          return found;
        });
  }

  /** Adds the entries below the prefix after that id, until there are as many as wanted. */
  private void collect(String prefix, String after, int limit, List<Entry> found) {
    byte[] from = after.isEmpty() ? null : key(after);
    while (found.size() < limit) {
      List<Row> rows = database.page(Table.DOCUMENTS, from, settings.scanPage());
      for (Row row : rows) {
        if (found.size() == limit || !id(row).startsWith(prefix)) {
          return;
        }
        Versioned document = decodeOrSkip(row);
        if (document != null
            && document.document() instanceof Document.EntryDocument(Entry entry)) {
          found.add(entry);
        }
      }
      if (rows.isEmpty()) {
        return;
      }
      from = rows.getLast().key();
    }
  }

  private static String id(Row row) {
    return new String(row.key(), StandardCharsets.UTF_8);
  }

  @Override
  public int forEach(Visitor visitor) {
    Map<String, Long> uses = allLastUses();
    int removed = 0;
    byte[] after = null;
    List<Row> rows = database.page(Table.DOCUMENTS, after, settings.scanPage());
    while (!rows.isEmpty()) {
      for (Row row : rows) {
        Versioned document = decodeOrSkip(row);
        if (document == null) {
          removed += removeDamaged(row);
        } else {
          visitor.visit(document, uses.getOrDefault(document.document().id(), 0L));
        }
      }
      rows = database.page(Table.DOCUMENTS, rows.getLast().key(), settings.scanPage());
    }
    return removed;
  }

  private Map<String, Long> allLastUses() {
    Map<String, Long> uses = new HashMap<>();
    List<Row> rows = database.page(Table.LAST_ACCESS, null, settings.scanPage());
    while (!rows.isEmpty()) {
      for (Row row : rows) {
        Long at = LastAccess.decode(row.value());
        if (at != null) {
          uses.put(new String(row.key(), StandardCharsets.UTF_8), at);
        }
      }
      rows = database.page(Table.LAST_ACCESS, rows.getLast().key(), settings.scanPage());
    }
    return uses;
  }

  private @Nullable Versioned decodeOrSkip(Row row) {
    try {
      return decode(row.value());
    } catch (StoreException e) {
      String id = new String(row.key(), StandardCharsets.UTF_8);
      log.warn("Document {} is left out: {}", LogText.escape(id), LogText.escape(e.getMessage()));
      return null;
    }
  }

  private int removeDamaged(Row row) {
    Lock stripe = stripe(row.key());
    stripe.lock();
    try {
      if (!Arrays.equals(database.get(Table.DOCUMENTS, row.key()), row.value())) {
        return 0;
      }
      database.deleteDocument(row.key());
      return 1;
    } finally {
      stripe.unlock();
    }
  }

  @Override
  public void touch(String id, long atMillis) {
    lastAccess.note(id, atMillis);
  }

  private void flushQuietly() {
    try {
      lastAccess.flush();
    } catch (StoreException e) {
      log.warn("Last uses could not be written: {}", LogText.escape(e.getMessage()));
    }
  }

  @Override
  public CompletionStage<Optional<Long>> lastAccess(String id) {
    Long pending = lastAccess.pendingUse(id);
    return pending != null
        ? CompletableFuture.completedStage(Optional.of(pending))
        : pool.call(() -> Optional.ofNullable(lastAccess.stored(key(id))));
  }

  /** Completes with a sentence, never fails; after a failed write it tries to mend the store. */
  @Override
  public CompletionStage<Optional<String>> problem() {
    return pool.<Optional<String>>call(
            () -> {
              database.mend();
              database.get(Table.DOCUMENTS, key("probe"));
              return database.writeProblem();
            })
        .exceptionally(e -> Optional.of(String.valueOf(e.getMessage())));
  }

  private Lock stripe(byte[] key) {
    return stripes[Arrays.hashCode(key) & (STRIPES - 1)];
  }

  private static byte[] key(String id) {
    return id.getBytes(StandardCharsets.UTF_8);
  }

  /** Says which one it is that cannot be read. */
  private static Versioned decodeNamed(Row row) {
    try {
      return decode(row.value());
    } catch (StoreException damaged) {
      String id = new String(row.key(), StandardCharsets.UTF_8);
      throw new StoreException("Document " + LogText.escape(id) + ": " + damaged.getMessage());
    }
  }

  private static Versioned decode(byte[] row) {
    Version version = version(row);
    return new Versioned(
        DocumentCodec.decode(row, ROW_HEAD_BYTES, row.length - ROW_HEAD_BYTES), version);
  }

  private static Version version(byte[] row) {
    if (row.length < ROW_HEAD_BYTES || row[0] != ROW_FORMAT) {
      throw new StoreException("A metadata row is damaged or of a newer format.");
    }
    return version(ByteBuffer.wrap(row).getLong(1));
  }

  private static Version version(long number) {
    return new Version(Long.toString(number, 36));
  }

  /** Finishes what is queued, writes the last uses and closes the database. */
  @Override
  public void close() {
    flushing.close();
    pool.close();
    flushQuietly();
    database.close();
  }
}
