package dev.weir.house;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The layering of the house: which room may use which. */
class LayeringTest {
  private static final JavaClasses HOUSE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.weir");

  /** For each room, the other rooms it may use. */
  private static final Map<String, String[]> MAY_USE =
      Map.ofEntries(
          Map.entry("http", only()),
          Map.entry("entry", only("http")),
          Map.entry("policy", only("http", "entry")),
          Map.entry("rules", only("policy", "http", "entry", "tls")),
          Map.entry("wire", only("http")),
          Map.entry("tls", only("http")),
          Map.entry("store", only("entry", "http")),
          Map.entry("origin", only("wire", "tls", "http")),
          Map.entry("edge", only("wire", "tls", "http")),
          Map.entry("fill", only("entry", "http", "origin", "store")),
          Map.entry("cache", only("http", "entry", "policy", "store", "fill", "origin")),
          Map.entry("onboard", only("http", "tls")),
          Map.entry("mirror", only("edge", "origin", "policy", "respond", "wire", "http", "log")),
          Map.entry("log", only("http", "entry")),
          Map.entry("proxy", only("http")),
          Map.entry("filters", only("proxy", "http")),
          Map.entry("inspect", only("http", "entry", "store")),
          Map.entry("moving", only("http", "entry", "policy", "inspect", "store")),
          Map.entry(
              "cluster", only("fill", "store", "wire", "cache", "entry", "http", "origin", "tls")));

  private static String[] only(String... names) {
    return Arrays.stream(names).map(name -> "dev.weir." + name + "..").toArray(String[]::new);
  }

  static Stream<String> rooms() {
    return MAY_USE.keySet().stream().sorted();
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void aRoomUsesOnlyTheRoomsBelowIt(String room) {
    String[] below = MAY_USE.get(room);
    noClasses()
        .that()
        .resideInAPackage("dev.weir." + room + "..")
        .should()
        .dependOnClassesThat(
            resideInAPackage("dev.weir..")
                .and(not(resideInAPackage("dev.weir." + room + "..")))
                .and(not(resideInAnyPackage(below))))
        .allowEmptyShould(true)
        .check(HOUSE);
  }

  @ParameterizedTest
  @MethodSource("pureRooms")
  void thePureCoreSeesNothingButTheJdk(String room) {
    classes()
        .that()
        .resideInAPackage("dev.weir." + room + "..")
        .should()
        .onlyDependOnClassesThat()
        // RE2/J is pure: expressions in time linear in the text.
        .resideInAnyPackage("java..", "org.jspecify..", "dev.weir..", "com.google.re2j..")
        .check(HOUSE);
  }

  static Stream<String> pureRooms() {
    return Stream.of("http", "entry", "policy", "proxy");
  }

  @Test
  void thereAreNoCycles() {
    slices().matching("dev.weir.(*)..").should().beFreeOfCycles().check(HOUSE);
  }

  @Test
  void nothingPrintsButTheCommandLine() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.weir.cli..")
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .check(HOUSE);
  }

  @Test
  void everyRoomSaysWhatItIsFor() throws Exception {
    // Given
    Path main = Path.of("src/main/java/dev/weir");

    // When
    try (var folders = Files.walk(main)) {
      for (Path folder : folders.filter(Files::isDirectory).toList()) {
        if (hasSources(folder)) {
          String described = Files.readString(folder.resolve("package-info.java"));

          // Then
          assertThat(described).as(folder.toString()).contains("@NullMarked");
          assertThat(described.substring(0, described.indexOf("@NullMarked")))
              .as(folder.toString())
              .hasSizeGreaterThan(120);
        }
      }
    }
  }

  private static boolean hasSources(Path folder) throws Exception {
    try (var files = Files.list(folder)) {
      return files.anyMatch(file -> file.toString().endsWith(".java"));
    }
  }
}
