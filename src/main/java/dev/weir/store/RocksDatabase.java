package dev.weir.store;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.rocksdb.AbstractNativeReference;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.ReadOptions;
import org.rocksdb.ReadTier;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * One RocksDB with its tables, kept from being used once it is closed (which would end the process,
 * not throw). Calls block except {@link #getResident}. Errors: {@link StoreException}.
 */
final class RocksDatabase implements AutoCloseable {
  /** What kinds of rows there are. */
  enum Table {
    DOCUMENTS("default"),
    LAST_ACCESS("last_access"),
    NOTES("notes");

    private final String family;

    Table(String family) {
      this.family = family;
    }
  }

  /** One row. */
  @SuppressWarnings("ArrayRecordComponent") // carried, never compared
  record Row(byte[] key, byte[] value) {}

  /** The outcome of a look that does not wait for the disk. */
  @SuppressWarnings("ArrayRecordComponent") // carried, never compared
  record Resident(boolean known, byte @Nullable [] value) {}

  private static final Resident UNKNOWN = new Resident(false, null);
  private static final Resident ABSENT = new Resident(true, null);

  private final Path folder;
  private final StoreSettings.Metadata settings;
  private final long reopenPauseNanos;
  private final ReentrantReadWriteLock use = new ReentrantReadWriteLock();
  private @Nullable Opened opened;
  private boolean closed;
  private volatile @Nullable StoreException writeFailure;
  private long reopenedAtNanos;

  private RocksDatabase(Path folder, StoreSettings.Metadata settings) {
    this.folder = folder;
    this.settings = settings;
    this.reopenPauseNanos = TimeUnit.MILLISECONDS.toNanos(settings.reopenPauseMillis());
    this.reopenedAtNanos = System.nanoTime() - reopenPauseNanos;
  }

  /** Opens or creates the database; only one process may have it open. */
  static RocksDatabase open(Path folder, StoreSettings.Metadata settings) {
    RocksDB.loadLibrary();
    RocksDatabase database = new RocksDatabase(folder, settings);
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw StoreException.of("The metadata folder " + folder + " cannot be made", e);
    }
    database.opened = database.openFiles();
    return database;
  }

  private Opened openFiles() {
    try {
      return new Opened(folder, settings);
    } catch (RocksDBException e) {
      String text = String.valueOf(e.getMessage());
      if (text.contains("lock")) {
        throw new StoreException("Another Weir is using the data folder " + folder + ".", false, e);
      }
      throw failure("The metadata in " + folder + " cannot be opened", e);
    }
  }

  /** Answers from memory alone; {@code known} is false if that would have needed the disk. */
  Resident getResident(Table table, byte[] key) {
    Lock lock = use.readLock();
    if (!lock.tryLock()) {
      return UNKNOWN;
    }
    try {
      Opened db = current();
      byte[] value = db.rocks.get(db.family(table), db.residentOnly, key);
      return value == null ? ABSENT : new Resident(true, value);
    } catch (RocksDBException e) {
      if (e.getStatus() != null && e.getStatus().getCode() == Status.Code.Incomplete) {
        return UNKNOWN;
      }
      throw failure("The metadata store cannot read", e);
    } finally {
      lock.unlock();
    }
  }

  byte @Nullable [] get(Table table, byte[] key) {
    use.readLock().lock();
    try {
      Opened db = current();
      return db.rocks.get(db.family(table), key);
    } catch (RocksDBException e) {
      throw failure("The metadata store cannot read", e);
    } finally {
      use.readLock().unlock();
    }
  }

  void put(Table table, byte[] key, byte[] value) {
    write(batch -> batch.put(handle(table), key, value), settings.syncWrites());
  }

  void delete(Table table, byte[] key) {
    write(batch -> batch.delete(handle(table), key), settings.syncWrites());
  }

  /** Deletes a document together with its last use. */
  void deleteDocument(byte[] key) {
    write(
        batch -> {
          batch.delete(handle(Table.DOCUMENTS), key);
          batch.delete(handle(Table.LAST_ACCESS), key);
        },
        settings.syncWrites());
  }

  /** Writes rows whose loss in a crash of the machine is harmless. */
  void putAllRelaxed(Table table, List<Row> rows) {
    write(
        batch -> {
          for (Row row : rows) {
            batch.put(handle(table), row.key, row.value);
          }
        },
        false);
  }

  private void write(Filler filler, boolean sync) {
    use.readLock().lock();
    try (WriteBatch batch = new WriteBatch()) {
      Opened db = current();
      filler.fill(batch);
      db.rocks.write(sync ? db.synced : db.relaxed, batch);
    } catch (RocksDBException e) {
      StoreException failure = failure("The metadata store cannot write", e);
      writeFailure = failure;
      throw failure;
    } finally {
      use.readLock().unlock();
    }
  }

  private ColumnFamilyHandle handle(Table table) {
    return current().family(table);
  }

  /** Up to {@code max} rows in key order after that key, or from the beginning. */
  List<Row> page(Table table, byte @Nullable [] after, int max) {
    use.readLock().lock();
    try {
      Opened db = current();
      List<Row> rows = new ArrayList<>();
      try (RocksIterator cursor = db.rocks.newIterator(db.family(table), db.scanning)) {
        seekAfter(cursor, after);
        for (; cursor.isValid() && rows.size() < max; cursor.next()) {
          rows.add(new Row(cursor.key(), cursor.value()));
        }
        cursor.status();
      }
      return rows;
    } catch (RocksDBException e) {
      throw failure("The metadata store cannot be scanned", e);
    } finally {
      use.readLock().unlock();
    }
  }

  private static void seekAfter(RocksIterator iterator, byte @Nullable [] after) {
    if (after == null) {
      iterator.seekToFirst();
    } else {
      // The smallest key that is greater: the same bytes and one zero byte more.
      iterator.seek(Arrays.copyOf(after, after.length + 1));
    }
  }

  /** Not smaller than the number of writes this database has ever seen. */
  long sequence() {
    use.readLock().lock();
    try {
      return current().rocks.getLatestSequenceNumber();
    } finally {
      use.readLock().unlock();
    }
  }

  /**
   * After a failed write, such as on a full disk, RocksDB refuses all further ones; closing and
   * opening it again mends that. Tried at most once in {@code reopen-pause}; otherwise does
   * nothing.
   */
  void mend() {
    if (writeFailure == null) {
      return;
    }
    use.writeLock().lock();
    try {
      long now = System.nanoTime();
      if (closed || writeFailure == null || now - reopenedAtNanos < reopenPauseNanos) {
        return;
      }
      reopenedAtNanos = now;
      closeFiles();
      opened = openFiles();
      writeFailure = null;
    } finally {
      use.writeLock().unlock();
    }
  }

  /** Why the last write failed, until the store has been mended. */
  Optional<String> writeProblem() {
    StoreException failure = writeFailure;
    return failure == null ? Optional.empty() : Optional.ofNullable(failure.getMessage());
  }

  private Opened current() {
    Opened db = opened;
    if (db == null) {
      throw new StoreException("The metadata store is closed.");
    }
    return db;
  }

  private static StoreException failure(String what, RocksDBException e) {
    Status status = e.getStatus();
    String text = String.valueOf(e.getMessage());
    boolean full =
        (status != null && status.getSubCode() == Status.SubCode.NoSpace)
            || text.contains("No space left");
    return new StoreException(what + ": " + text, full, e);
  }

  @Override
  public void close() {
    use.writeLock().lock();
    try {
      closed = true;
      closeFiles();
    } finally {
      use.writeLock().unlock();
    }
  }

  private void closeFiles() {
    Opened db = opened;
    opened = null;
    if (db != null) {
      db.close();
    }
  }

  /** Fills a batch. */
  @FunctionalInterface
  private interface Filler {
    void fill(WriteBatch batch) throws RocksDBException;
  }

  /** The native objects, closed in the reverse order of their making. */
  private static final class Opened {
    private final List<AbstractNativeReference> owned = new ArrayList<>();
    private final Map<Table, ColumnFamilyHandle> families = new EnumMap<>(Table.class);
    private final RocksDB rocks;
    private final ReadOptions residentOnly;
    private final ReadOptions scanning;
    private final WriteOptions synced;
    private final WriteOptions relaxed;

    Opened(Path folder, StoreSettings.Metadata settings) throws RocksDBException {
      boolean done = false;
      try {
        DBOptions options = own(options(settings));
        ColumnFamilyOptions rows = familyOptions(settings);
        List<ColumnFamilyDescriptor> tables = new ArrayList<>();
        List<ColumnFamilyHandle> handles = new ArrayList<>();
        for (Table table : Table.values()) {
          tables.add(
              new ColumnFamilyDescriptor(table.family.getBytes(StandardCharsets.UTF_8), rows));
        }
        residentOnly = own(new ReadOptions().setReadTier(ReadTier.BLOCK_CACHE_TIER));
        scanning = own(new ReadOptions().setFillCache(false));
        synced = own(new WriteOptions().setSync(true));
        relaxed = own(new WriteOptions());
        rocks = own(RocksDB.open(options, folder.toString(), tables, handles));
        for (Table table : Table.values()) {
          families.put(table, own(handles.removeFirst()));
        }
        done = true;
      } finally {
        if (!done) {
          close();
        }
      }
    }

    private static DBOptions options(StoreSettings.Metadata settings) {
      return new DBOptions()
          .setCreateIfMissing(true)
          .setCreateMissingColumnFamilies(true)
          .setMaxOpenFiles(settings.maxOpenFiles())
          .setMaxTotalWalSize(8 * settings.writeBufferBytes())
          .setMaxBackgroundJobs(2)
          .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
          .setKeepLogFileNum(3)
          .setMaxLogFileSize(1 << 20);
    }

    /** Index and filter blocks live in the block cache too, so memory has one bound. */
    private ColumnFamilyOptions familyOptions(StoreSettings.Metadata settings) {
      BlockBasedTableConfig blocks =
          new BlockBasedTableConfig()
              .setBlockCache(own(new LRUCache(settings.blockCacheBytes())))
              .setCacheIndexAndFilterBlocks(true)
              .setPinL0FilterAndIndexBlocksInCache(true)
              .setFilterPolicy(own(new BloomFilter(10)));
      return own(
          new ColumnFamilyOptions()
              .setTableFormatConfig(blocks)
              .setCompressionType(CompressionType.LZ4_COMPRESSION)
              .setWriteBufferSize(settings.writeBufferBytes()));
    }

    private <T extends AbstractNativeReference> T own(T nativeObject) {
      owned.add(nativeObject);
      return nativeObject;
    }

    ColumnFamilyHandle family(Table table) {
      return requireNonNull(families.get(table));
    }

    void close() {
      for (AbstractNativeReference nativeObject : owned.reversed()) {
        nativeObject.close();
      }
    }
  }
}
