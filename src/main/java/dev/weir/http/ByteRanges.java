package dev.weir.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Range requests (RFC 9110 14) against a representation of known length: parts in the order asked
 * for, overlapping and adjoining ones made one, so that no request yields more bytes than there
 * are. Positions are bytes, both ends inclusive.
 */
public final class ByteRanges {
  /** More ranges than this in one request are an attack or a mistake: the whole is sent. */
  public static final int DEFAULT_MAX_RANGES = 64;

  private ByteRanges() {}

  /** One part of a representation. */
  public record Part(long first, long last) {
    public Part {
      if (first < 0 || last < first) {
        throw new IllegalArgumentException("not a range: " + first + "-" + last);
      }
    }

    public long length() {
      return last - first + 1;
    }

    /** The value of Content-Range. */
    public String contentRange(long totalBytes) {
      return "bytes " + first + "-" + last + "/" + totalBytes;
    }

    private boolean isWithin(long gapBytes, Part other) {
      return first - gapBytes <= other.last + 1 && other.first - gapBytes <= last + 1;
    }

    private Part union(Part other) {
      return new Part(Math.min(first, other.first), Math.max(last, other.last));
    }
  }

  /** What a Range field comes to. */
  public sealed interface Selection {
    /** 200: no range, none this code understands, or too many. */
    record Whole() implements Selection {}

    /** 206: one part, or several for multipart/byteranges. */
    record Parts(List<Part> parts) implements Selection {
      public Parts {
        parts = List.copyOf(parts);
      }

      public long totalBytes() {
        return parts.stream().mapToLong(Part::length).sum();
      }

      /**
       * The same with parts made one that no more than so many bytes lie between (RFC 9110
       * 15.3.7.2): to send the gap is cheaper than to say that it is left out.
       */
      public Parts joinedWithin(long gapBytes) {
        List<Part> joined = new ArrayList<>(parts.size());
        parts.forEach(part -> join(joined, part, gapBytes));
        return new Parts(joined);
      }
    }

    /** 416 with {@code Content-Range: bytes *}{@code /length}. */
    record Unsatisfiable() implements Selection {}
  }

  private static final Selection WHOLE = new Selection.Whole();

  /**
   * Which part of a stored response a request gets: Range counts for GET and a stored 200 only, and
   * an If-Range must hold (RFC 9110 14.2, 13.1.5).
   */
  public static Selection select(
      RequestHead request, StoredResponse stored, long length, int maxRanges) {
    if (!request.isGet() || stored.status() != 200 || !IfRange.holds(request.headers(), stored)) {
      return WHOLE;
    }
    return resolve(request.headers().combined("Range"), length, maxRanges);
  }

  /** What the value of a Range field comes to for a representation of that length. */
  public static Selection resolve(@Nullable String range, long length, int maxRanges) {
    if (range == null) {
      return WHOLE;
    }
    int equals = range.indexOf('=');
    if (equals < 0
        || !"bytes".equals(range.substring(0, equals).strip().toLowerCase(Locale.ROOT))) {
      return WHOLE;
    }
    List<String> specs = FieldSyntax.members(range.substring(equals + 1), ',');
    if (specs.isEmpty() || specs.size() > maxRanges) {
      return WHOLE;
    }
    List<Part> parts = new ArrayList<>(specs.size());
    for (String text : specs) {
      Spec spec = Spec.parse(text);
      if (spec == null) {
        return WHOLE;
      }
      if (length == 0 && spec.first < 0 && spec.last > 0) {
        return WHOLE; // the last n bytes of nothing: satisfiable, but Content-Range cannot say it
      }
      Part part = spec.within(length);
      if (part != null) {
        join(parts, part, 0);
      }
    }
    return parts.isEmpty() ? new Selection.Unsatisfiable() : new Selection.Parts(parts);
  }

  /**
   * The first and last position of a Range field that has one range only, for deciding about a fill
   * before the length is known; the end is empty for an open range. Null for anything else.
   */
  public static @Nullable SingleRange single(@Nullable String range) {
    if (range == null || !range.regionMatches(true, 0, "bytes=", 0, 6)) {
      return null;
    }
    Spec spec = range.indexOf(',') < 0 ? Spec.parse(range.substring(6).strip()) : null;
    if (spec == null) {
      return null;
    }
    if (spec.first < 0) {
      return new SingleRange(OptionalLong.empty(), OptionalLong.of(spec.last));
    }
    OptionalLong last =
        spec.last == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(spec.last);
    return new SingleRange(OptionalLong.of(spec.first), last);
  }

  /** {@code first-last}, {@code first-} (no last) or {@code -suffix} (no first). */
  public record SingleRange(OptionalLong first, OptionalLong lastOrSuffix) {}

  /** The value of Content-Range in a 416. */
  public static String unsatisfied(long totalBytes) {
    return "bytes */" + totalBytes;
  }

  /** Adds a part; those it comes so near to become one with it, in the place of the earliest. */
  private static void join(List<Part> parts, Part added, long gapBytes) {
    Part union = added;
    int place = parts.size();
    boolean grown = true;
    while (grown) {
      grown = false;
      for (int i = 0; i < parts.size(); i++) {
        if (parts.get(i).isWithin(gapBytes, union)) {
          union = union.union(parts.remove(i));
          place = Math.min(place, i);
          grown = true;
          break;
        }
      }
    }
    parts.add(Math.min(place, parts.size()), union);
  }

  /** A range as written; {@code first} is -1 for a suffix, {@code last} then its length. */
  private record Spec(long first, long last) {
    static @Nullable Spec parse(String text) {
      int dash = text.indexOf('-');
      if (dash < 0) {
        return null;
      }
      String from = text.substring(0, dash).strip();
      String to = text.substring(dash + 1).strip();
      long last = to.isEmpty() ? Long.MAX_VALUE : number(to);
      if (from.isEmpty()) {
        return to.isEmpty() || last < 0 ? null : new Spec(-1, last);
      }
      long first = number(from);
      return first < 0 || last < first ? null : new Spec(first, last);
    }

    @Nullable Part within(long length) {
      if (first < 0) {
        return last == 0 || length == 0 ? null : new Part(Math.max(0, length - last), length - 1);
      }
      return first >= length ? null : new Part(first, Math.min(last, length - 1));
    }

    /** Digits only; -1 for anything else; a number too great is the greatest there is. */
    private static long number(String digits) {
      long number = 0;
      for (int i = 0; i < digits.length(); i++) {
        char c = digits.charAt(i);
        if (c < '0' || c > '9') {
          return -1;
        }
        number = number > (Long.MAX_VALUE - 9) / 10 ? Long.MAX_VALUE - 1 : number * 10 + (c - '0');
      }
      return number;
    }
  }
}
