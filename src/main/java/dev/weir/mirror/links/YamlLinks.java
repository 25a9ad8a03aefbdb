package dev.weir.mirror.links;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.Charset;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.emitter.Emitter;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.MappingEndEvent;
import org.yaml.snakeyaml.events.MappingStartEvent;
import org.yaml.snakeyaml.events.ScalarEvent;
import org.yaml.snakeyaml.events.SequenceEndEvent;
import org.yaml.snakeyaml.events.SequenceStartEvent;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.StreamReader;

/**
 * The elements of every {@code urls} of a YAML document, event by event: no objects are made of it,
 * so that neither tags nor aliases can do any harm.
 */
final class YamlLinks implements LinkRewriter {
  private static final int MAX_CHARS = 256 << 20; // the document's own bound is below it

  /** Where the reader is: a mapping with the key at hand, or a sequence under its key. */
  private static final class Level {
    private final boolean mapping;
    private final boolean urls;
    private @Nullable String key;
    private boolean atValue;

    Level(boolean mapping, boolean urls) {
      this.mapping = mapping;
      this.urls = urls;
    }

    /** A node begins here; whether it is the value of {@code urls}. */
    boolean node() {
      boolean isUrls = mapping && atValue && "urls".equals(key);
      if (mapping) {
        atValue = !atValue;
      }
      return isUrls;
    }
  }

  @Override
  public byte[] rewrite(byte[] document, Charset charset, InsideLinks links) throws IOException {
    LoaderOptions limits = new LoaderOptions();
    limits.setCodePointLimit(MAX_CHARS);
    DumperOptions style = new DumperOptions();
    style.setWidth(Integer.MAX_VALUE);
    StringWriter out = new StringWriter(document.length);
    try {
      var read = new ParserImpl(new StreamReader(new String(document, charset)), limits);
      Emitter write = new Emitter(out, style);
      Deque<Level> levels = new ArrayDeque<>();
      for (Event event = read.getEvent(); event != null; event = read.getEvent()) {
        write.emit(seen(event, levels, links));
      }
    } catch (YAMLException unreadable) {
      throw new IOException("not YAML", unreadable);
    }
    return out.toString().getBytes(charset);
  }

  private static Event seen(Event event, Deque<Level> levels, InsideLinks links) {
    Level here = levels.peekLast();
    switch (event) {
      case MappingStartEvent start -> {
        if (here != null) {
          here.node();
        }
        levels.addLast(new Level(true, false));
      }
      case SequenceStartEvent start ->
          levels.addLast(new Level(false, here != null && here.node()));
      case AliasEvent alias -> {
        if (here != null) {
          here.node();
        }
      }
      case MappingEndEvent end -> levels.removeLast();
      case SequenceEndEvent end -> levels.removeLast();
      case ScalarEvent scalar -> {
        return scalar(scalar, here, links);
      }
      default -> {}
    }
    return event;
  }

  private static Event scalar(ScalarEvent scalar, @Nullable Level here, InsideLinks links) {
    if (here == null) {
      return scalar;
    }
    if (here.mapping && !here.atValue) {
      here.key = scalar.getValue();
    }
    here.node();
    String inside = here.urls ? links.url(scalar.getValue()) : null;
    return inside == null
        ? scalar
        : new ScalarEvent(
            scalar.getAnchor(),
            scalar.getTag(),
            scalar.getImplicit(),
            inside,
            scalar.getStartMark(),
            scalar.getEndMark(),
            scalar.getScalarStyle());
  }
}
