package dev.weir.store.collect;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.store.Document.EntryDocument;
import dev.weir.store.MetadataStore;
import dev.weir.store.MetadataStore.Version;
import dev.weir.store.MetadataStore.WriteResult;
import dev.weir.store.Notes;
import dev.weir.store.ObjectStore;
import dev.weir.store.Retention;
import dev.weir.store.StoreException;
import dev.weir.store.collect.Condemnation.Seen;
import dev.weir.store.collect.Condemnation.Step;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.Done;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;

/**
 * One pass of collection over stores that nodes share: entries beyond the quotas go, then chunks
 * that no document names are condemned, and those deleted that were condemned a grace ago and still
 * are not named. {@link Condemnation} says why that is safe beside everything else.
 *
 * <p>Documents that no index lists go as well ({@link UnlistedEntries}).
 *
 * <p>It works in the caller's thread, which blocks, for as long as it takes; one pass at a time in
 * the whole fleet. Memory: some 40 bytes per chunk that is named, and 300 per condemned one, of
 * which there are {@value #MAX_CONDEMNED} at most. Errors: {@link StoreException} where a store
 * fails, with nothing half done that the next pass would not go on with.
 */
public final class Collector {
  /** More garbage than this is condemned by later passes: it bounds what a pass remembers. */
  static final int MAX_CONDEMNED = 200_000;

  /** Of a chunk that an entry names which is there to stay. */
  private static final long LISTED = Long.MAX_VALUE;

  private final MetadataStore metadata;
  private final Notes notes;
  private final ObjectStore objects;
  private final CollectionSettings settings;
  private final Retention.Remover remover;
  private final InstantSource clock;
  private final Materializer materializer;

  /**
   * A collector of those stores.
   *
   * @param remover removes the document of an entry that is beyond the quotas
   */
  public Collector(
      MetadataStore metadata,
      ObjectStore objects,
      CollectionSettings settings,
      Retention.Remover remover,
      InstantSource clock,
      Materializer materializer) {
    this.metadata = metadata;
    this.notes = metadata.notes();
    this.objects = objects;
    this.settings = settings;
    this.remover = remover;
    this.clock = clock;
    this.materializer = materializer;
  }

  /**
   * What this pass may do.
   *
   * @param dryRun only look
   * @param force although much less is named than the last time
   * @param adopt although the prefix was of another index
   */
  public record Options(boolean dryRun, boolean force, boolean adopt) {
    public static final Options NORMAL = new Options(false, false, false);
  }

  public CollectionOutcome collect(Options options, Progress progress) {
    Optional<String> foreign = foreignOwner(options);
    if (foreign.isPresent()) {
      return new CollectionOutcome.Refused(foreign.get());
    }
    if (options.dryRun()) {
      return new Pass(null, options, progress).run();
    }
    progress.phase("waiting for the lease", 0);
    Optional<LeaseHolder> lease = LeaseHolder.take(notes, settings.leaseMillis());
    if (lease.isEmpty()) {
      return new CollectionOutcome.Busy("another process collects");
    }
    try (LeaseHolder held = lease.get()) {
      return new Pass(held, options, progress).run();
    }
  }

  /** Why the prefix is not this index's, or empty. A dry run claims nothing. */
  private Optional<String> foreignOwner(Options options) {
    String own = identity();
    String found = Waiting.forCall(objects.owner(own, options.adopt() && !options.dryRun()));
    return found.equals(own)
        ? Optional.empty()
        : Optional.of(
            "the chunks of this S3 prefix are named by another metadata index ("
                + found
                + ", this one is "
                + own
                + "): give each index a prefix of its own; if that index is gone for good, run"
                + " `weir gc --adopt` once");
  }

  /** A name made once for these metadata, which goes when they go. */
  private String identity() {
    while (true) {
      Optional<Notes.Note> note = Waiting.forCall(notes.read(ChunkNotes.IDENTITY));
      if (note.isPresent()) {
        return note.get().text();
      }
      var _ =
          Waiting.forCall(
              notes.write(ChunkNotes.IDENTITY, UUID.randomUUID().toString(), Version.ABSENT));
    }
  }

  /** One pass; its counts are touched by several threads. */
  private final class Pass {
    private final @Nullable LeaseHolder lease;
    private final Options options;
    private final Progress progress;
    private final Counts counts = new Counts();

    /** With the number of suspected documents that name them, or {@link #LISTED}. */
    private final ChunkTable marked = new ChunkTable();

    private final NamedChunks names = new NamedChunks(ChunkHome.of(objects)::read, materializer);
    private final Map<ChunkId, Notes.Note> condemned = new ConcurrentHashMap<>();
    private long markBegunMillis;

    Pass(@Nullable LeaseHolder lease, Options options, Progress progress) {
      this.lease = lease;
      this.options = options;
      this.progress = progress;
    }

    CollectionOutcome run() {
      Quotas quotas = new Quotas(metadata, settings, remover, clock, names);
      Quotas.Removed removed = quotas.apply(options.dryRun(), progress);
      UnlistedEntries unlisted =
          new UnlistedEntries(
              metadata, settings.unlisted(), clock.millis() - settings.graceMillis());
      mark(unlisted);
      Optional<String> odd = muchLess(removed.chunks());
      if (odd.isPresent()) {
        return new CollectionOutcome.Refused(odd.get());
      }
      sweep();
      long dead = unlisted.count();
      if (!options.dryRun()) {
        // Their chunks were marked once more: a later pass finds them named by nobody.
        Forgotten forgotten = new Forgotten();
        unlisted.remove(this::requireLease, forgotten::add);
        dead = forgotten.entries;
        if (forgotten.chunks > 0) {
          rememberMark(marked.size() - forgotten.chunks);
        }
        // Copies for redirected clients: made again when they are wanted.
        requireLease();
        Instant before = clock.instant().minusMillis(settings.wholeMaxAgeMillis());
        var _ = Waiting.forWalk(objects.expireWhole(before));
      }
      return new CollectionOutcome.Done(
          counts.report(
              options.dryRun(), marked.size(), removed.entries() + dead, removed.bytes()));
    }

    /** Every document names its chunks; anything less than all of them fails. */
    private void mark(UnlistedEntries unlisted) {
      progress.phase("marking", 0);
      markBegunMillis = clock.millis();
      Waiting.forWalk(
          metadata
              .scanAll()
              .grouped(settings.unlisted().batch())
              .mapAsync(1, unlisted::look)
              .mapConcat(batch -> batch)
              .mapAsyncUnordered(
                  settings.parallelism(),
                  stored -> {
                    boolean suspect = unlisted.has(stored.document().id());
                    return named(stored).thenApply(chunks -> Pair.create(chunks.keySet(), suspect));
                  })
              .runForeach(
                  found -> {
                    found.first().forEach(id -> mark(id, found.second()));
                    progress.advance(1);
                  },
                  materializer));
    }

    private void mark(ChunkId id, boolean suspect) {
      long known = marked.get(id);
      marked.put(id, !suspect || known == LISTED ? LISTED : Math.max(0, known) + 1);
    }

    /** Documents that went after the mark, and how many chunks nobody names without them. */
    private final class Forgotten {
      private long entries;
      private long chunks;

      void add(Body body) {
        entries++;
        // Where a manifest cannot be read its chunks count on: the next pass is only stricter.
        CompletionStage<Map<ChunkId, Long>> named =
            names.of(body).exceptionally(unreadable -> Map.of());
        for (ChunkId id : Waiting.forCall(named).keySet()) {
          long namers = marked.get(id);
          if (namers > 0 && namers != LISTED) {
            marked.put(id, namers - 1);
            chunks += namers == 1 ? 1 : 0;
          }
        }
      }
    }

    private CompletionStage<Map<ChunkId, Long>> named(MetadataStore.Versioned stored) {
      if (!(stored.document() instanceof EntryDocument(Entry entry))) {
        return CompletableFuture.completedStage(Map.of());
      }
      counts.entries.increment();
      return names
          .of(entry.body())
          .exceptionallyCompose(
              failure -> CompletableFuture.failedStage(unmarkable(entry, failure)));
    }

    /** What it names cannot be known, so nothing may be deleted. */
    private static StoreException unmarkable(Entry entry, Throwable failure) {
      Throwable cause = failure.getCause() == null ? failure : failure.getCause();
      return cause instanceof StoreException known && known.kind() == StoreException.Kind.ABSENT
          ? new StoreException(
              "The manifest of "
                  + entry.documentId()
                  + " is not in S3, so what it names cannot be marked: run `weir fsck` first.")
          : new StoreException(
              StoreException.Kind.UNAVAILABLE,
              "The manifest of " + entry.documentId() + " cannot be read: " + cause.getMessage(),
              cause);
    }

    /** An index that was emptied or restored from long ago must not empty the bucket as well. */
    private Optional<String> muchLess(ChunkTable removed) {
      long before =
          lastMark().map(note -> Long.parseLong(note.text())).orElse(0L)
              - removed.countWithout(marked);
      if (marked.size() < settings.safetyFraction() * before && !options.force()) {
        return Optional.of(
            "the metadata name "
                + marked.size()
                + " chunks, the last time "
                + before
                + ": if that is right (much was purged), run `weir gc --force` once");
      }
      if (!options.dryRun()) {
        rememberMark(marked.size());
      }
      return Optional.empty();
    }

    private Optional<Notes.Note> lastMark() {
      return Waiting.forCall(notes.read(ChunkNotes.LAST_MARK));
    }

    /** How many chunks are named, for the next pass to compare with. */
    private void rememberMark(long chunks) {
      Version last = lastMark().map(Notes.Note::version).orElse(Version.ABSENT);
      var _ =
          Waiting.forCall(
              notes.write(ChunkNotes.LAST_MARK, Long.toString(Math.max(0, chunks)), last));
    }

    private void sweep() {
      Waiting.forWalk(notes.scan().runForeach(this::remember, materializer));
      progress.phase("sweeping", 0);
      Waiting.forWalk(
          objects
              .list("")
              .mapAsyncUnordered(settings.parallelism(), this::judge)
              .runWith(Sink.ignore(), materializer));
      // What is condemned and not there: deleted by somebody, or before a crash.
      Waiting.forWalk(
          Source.from(List.copyOf(condemned.values()))
              .mapAsyncUnordered(
                  settings.parallelism(),
                  note -> {
                    ChunkId id = ChunkNotes.chunk(note.id()).orElseThrow();
                    return act(id, 0, note, new Seen(marked.contains(id), OptionalLong.empty()));
                  })
              .runWith(Sink.ignore(), materializer));
    }

    private void remember(Notes.Note note) {
      ChunkNotes.chunk(note.id()).ifPresent(id -> condemned.put(id, note));
    }

    private CompletionStage<Done> judge(ObjectStore.Listed found) {
      counts.listed.increment();
      counts.listedBytes.add(found.lengthBytes());
      progress.advance(1);
      Notes.Note note = condemned.remove(found.id());
      OptionalLong modified = OptionalLong.of(found.modified().toEpochMilli());
      return act(
          found.id(), found.lengthBytes(), note, new Seen(marked.contains(found.id()), modified));
    }

    private CompletionStage<Done> act(
        ChunkId id, long lengthBytes, Notes.@Nullable Note note, Seen seen) {
      Condemnation now = note == null ? new Condemnation.Free() : Condemnation.parse(note.text());
      long fence = lease == null ? Long.MAX_VALUE : lease.fence();
      Step step = now.next(seen, markBegunMillis, clock.millis(), fence, settings.times());
      boolean isNew = step instanceof Step.Note(Condemnation.Condemned condemnation);
      if (isNew && !counts.mayCondemn()) {
        return done();
      }
      if (step instanceof Step.Leave && !(now instanceof Condemnation.Free)) {
        counts.waiting(lengthBytes);
      }
      return options.dryRun() || step instanceof Step.Leave
          ? count(step, lengthBytes)
          : perform(id, lengthBytes, note, step);
    }

    /** In a dry run. */
    private CompletionStage<Done> count(Step step, long lengthBytes) {
      switch (step) {
        case Step.Leave leave -> {}
        case Step.Spare spare -> counts.spared.increment();
        case Step.Note(Condemnation.Deleting deleting) -> counts.deleted(lengthBytes);
        case Step.Note(Condemnation next) -> counts.condemned(lengthBytes);
      }
      return done();
    }

    private CompletionStage<Done> perform(
        ChunkId id, long lengthBytes, Notes.@Nullable Note note, Step step) {
      requireLease();
      Version read = note == null ? Version.ABSENT : note.version();
      String noteId = ChunkNotes.id(id);
      return switch (step) {
        case Step.Leave leave -> done();
        case Step.Spare spare ->
            notes.delete(noteId, read).thenCompose(result -> count(step, lengthBytes));
        case Step.Note(Condemnation next) ->
            notes
                .write(noteId, next.text(), read)
                .thenCompose(
                    result ->
                        switch (result) {
                          case WriteResult.Conflict conflict -> done(); // a fill was faster
                          case WriteResult.Written(Version written)
                              when next instanceof Condemnation.Deleting deleting ->
                              delete(id, lengthBytes, deleting, written);
                          case WriteResult.Written written -> count(step, lengthBytes);
                        });
      };
    }

    /** The bytes, then the note: whoever finds no note finds no bytes either. */
    private CompletionStage<Done> delete(
        ChunkId id, long lengthBytes, Condemnation.Deleting deleting, Version note) {
      requireLease();
      if (!settings.times().mayDelete(deleting.sinceMillis(), clock.millis())) {
        return done(); // it took too long to come here; a later pass does it
      }
      return objects
          .delete(List.of(id))
          .thenCompose(gone -> notes.delete(ChunkNotes.id(id), note))
          .thenApply(
              result -> {
                counts.deleted(lengthBytes);
                return Done.getInstance();
              });
    }

    private void requireLease() {
      if (lease == null || !lease.isSafe()) {
        throw new StoreException(
            StoreException.Kind.UNAVAILABLE,
            "The collector's lease could not be kept; the next pass goes on where this one"
                + " stopped.");
      }
    }

    private static CompletionStage<Done> done() {
      return CompletableFuture.completedStage(Done.getInstance());
    }
  }
}
