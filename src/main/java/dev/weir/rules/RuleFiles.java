package dev.weir.rules;

import dev.weir.policy.Credentials;
import dev.weir.policy.Effect;
import dev.weir.policy.Mount;
import dev.weir.policy.Policy;
import dev.weir.policy.PolicyTable;
import dev.weir.policy.Rule;
import dev.weir.policy.UpstreamTls;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads rule files and puts them together: the rules of the first file, of the next and so on, then
 * the built-in ones, each that asks for another place there. Blocks on files.
 */
public final class RuleFiles {
  private static final String BUILT_IN = "/policy/defaults.conf";

  /** A rule file is written by people; what is larger is another file. */
  private static final long MAX_FILE_BYTES = 16L << 20;

  private RuleFiles() {}

  /** A file's name and what stands in it. */
  private record Text(String name, String text) {}

  /** The text of the built-in rules. */
  public static String builtIn() {
    try (InputStream in = RuleFiles.class.getResourceAsStream(BUILT_IN)) {
      if (in == null) {
        throw new IllegalStateException("the jar lacks " + BUILT_IN);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The built-in rules alone. */
  public static PolicyTable defaults(Policy defaultPolicy) {
    return load(List.of(), defaultPolicy).table();
  }

  /**
   * The rules of those files and the built-in ones.
   *
   * @param paths files, or folders whose {@code *.conf} are read in the order of their names
   * @param defaultPolicy where no file sets another
   * @throws RuleFileException for what cannot be used
   */
  public static RuleBook load(List<Path> paths, Policy defaultPolicy) {
    return load(paths, defaultPolicy, RulesSettings.usual());
  }

  /** The same with limits of one's own. */
  public static RuleBook load(List<Path> paths, Policy defaultPolicy, RulesSettings limits) {
    return put(texts(paths), defaultPolicy, limits, "");
  }

  /**
   * The same for a node that reloads.
   *
   * @param number how many versions there have been, with this one
   */
  static RuleBook load(List<Path> paths, Policy defaultPolicy, RulesSettings limits, long number) {
    return put(texts(paths), defaultPolicy, limits, number + "-");
  }

  /** The digest that loading now would give; it is read, not parsed. */
  static String digest(List<Path> paths) {
    return digestOf(texts(paths));
  }

  /**
   * What the files say that rules take secrets from, in a form that tells a change. It stays in
   * memory: what is shown of rules never depends on secrets.
   */
  static String secrets(RuleBook book) {
    MessageDigest sha = sha256();
    for (Path file : secretFiles(book)) {
      try {
        sha.update(Files.readAllBytes(file));
      } catch (IOException unreadable) {
        sha.update((byte) 0);
      }
      sha.update((byte) '\n');
    }
    for (String reference : references(book)) {
      if (SecretCommands.isCommand(reference)) {
        sha.update(SecretCommands.current(reference).getBytes(StandardCharsets.UTF_8));
        sha.update((byte) '\n');
      }
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  /** Where the secrets of rules and mounts are. */
  private static Set<String> references(RuleBook book) {
    List<@Nullable Credentials> all = new ArrayList<>();
    book.table().rules().forEach(rule -> all.add(rule.effects().get(Effect.CREDENTIALS)));
    for (Mount mount : book.mounts()) {
      mount.origins().forEach(origin -> all.add(origin.credentials()));
    }
    Set<String> references = new LinkedHashSet<>();
    for (Credentials credentials : all) {
      if (credentials != null) {
        references.add(credentials.name());
      }
    }
    return references;
  }

  private static Set<Path> secretFiles(RuleBook book) {
    Set<Path> files = new LinkedHashSet<>();
    for (String reference : references(book)) {
      if (reference.startsWith("file:")) {
        files.add(Path.of(reference.substring("file:".length())));
      }
    }
    for (Rule rule : book.table().rules()) {
      UpstreamTls tls = rule.effects().get(Effect.UPSTREAM_TLS);
      if (tls != null) {
        tls.files().forEach(file -> files.add(Path.of(file)));
      }
    }
    return files;
  }

  private static RuleBook put(
      List<Text> texts, Policy defaultPolicy, RulesSettings limits, String number) {
    RuleFile builtIn = RuleFile.parse("built-in rules", builtIn(), limits);
    List<RuleFile> files =
        texts.stream().map(text -> RuleFile.parse(text.name(), text.text(), limits)).toList();
    List<Rule> rules = new RuleOrder(files, builtIn).rules();
    Policy policy = defaultPolicy;
    for (RuleFile file : files) {
      policy = file.defaultPolicy() == null ? policy : file.defaultPolicy();
    }
    List<RuleTest> tests = new ArrayList<>();
    (files.isEmpty() ? List.of(builtIn) : files).forEach(file -> tests.addAll(file.tests()));
    String digest = digestOf(texts);
    return new RuleBook(
        new PolicyTable(rules, policy, number + digest), mounts(files), digest, tests);
  }

  private static List<Mount> mounts(List<RuleFile> files) {
    List<Mount> mounts = new ArrayList<>();
    Set<String> seen = new LinkedHashSet<>();
    for (RuleFile file : files) {
      for (Mount mount : file.mounts()) {
        if (!seen.add(mount.name()) || !seen.add(mount.path())) {
          throw new RuleFileException(
              "mount '%s' (%s): another file has a mount of that name or path"
                  .formatted(mount.name(), mount.path()));
        }
        mounts.add(mount);
      }
    }
    return mounts;
  }

  private static List<Text> texts(List<Path> paths) {
    List<Text> texts = new ArrayList<>();
    for (Path file : files(paths)) {
      texts.add(new Text(file.toString(), text(file)));
    }
    return texts;
  }

  /** The files that are named, and those of the folders that are. */
  static List<Path> files(List<Path> paths) {
    List<Path> files = new ArrayList<>();
    for (Path path : paths) {
      if (!Files.isDirectory(path)) {
        files.add(path);
        continue;
      }
      try (Stream<Path> inside = Files.list(path)) {
        inside
            .filter(file -> file.toString().endsWith(".conf") && Files.isRegularFile(file))
            .sorted()
            .forEach(files::add);
      } catch (IOException | UncheckedIOException e) {
        throw new RuleFileException(path + ": cannot list the folder: " + reason(e));
      }
    }
    return files;
  }

  private static String text(Path file) {
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw new RuleFileException(file + ": larger than 16 MiB, so no rule file");
      }
      return Files.readString(file);
    } catch (IOException e) {
      throw new RuleFileException(file + ": cannot read it: " + reason(e));
    }
  }

  private static String reason(Exception failure) {
    return failure.getClass().getSimpleName();
  }

  private static String digestOf(List<Text> texts) {
    MessageDigest sha = sha256();
    for (Text text : texts) {
      byte[] bytes = text.text().getBytes(StandardCharsets.UTF_8);
      sha.update((bytes.length + "\n").getBytes(StandardCharsets.US_ASCII));
      sha.update(bytes);
    }
    sha.update(builtIn().getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(sha.digest(), 0, 4);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
