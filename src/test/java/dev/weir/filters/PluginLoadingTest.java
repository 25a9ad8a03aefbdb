package dev.weir.filters;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.weir.proxy.filter.Filter;
import dev.weir.testing.PluginJar;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Plug-ins are loaded apart: from Weir's insides and from each other. */
class PluginLoadingTest {
  @TempDir private Path folder;

  private static Config room(String settings) {
    return ConfigFactory.parseString("weir.filters { " + settings + " }")
        .withFallback(ConfigFactory.parseResources("reference/filters.conf"))
        .getConfig("weir.filters");
  }

  /** A plug-in of one filter, whose provider runs that before it makes it. */
  private void plugin(String name, String code) throws Exception {
    Path project = Files.createDirectories(folder.resolve("src-" + name));
    Path sources = Files.createDirectories(project.resolve("src/main/java/lib"));
    Path services =
        Files.createDirectories(project.resolve("src/main/resources/META-INF/services"));
    Files.writeString(services.resolve("dev.weir.proxy.filter.FilterProvider"), "lib.Provider\n");
    Files.writeString(
        sources.resolve("Provider.java"),
        """
        package lib;
        import dev.weir.proxy.filter.*;
        public class Provider implements FilterProvider {
          public String name() { return "%s"; }
          public Filter<?> create(FilterSettings settings) {
            try { %s } catch (Exception e) { throw new IllegalStateException(e.toString()); }
            return new Filter<Void>() {
              public void close() { System.setProperty("closed.%s", "yes"); }
            };
          }
        }
        """
            .formatted(name, code, name));
    Path plugins = Files.createDirectories(folder.resolve("plugins"));
    PluginJar.build(project, plugins.resolve(name + ".jar"));
  }

  private FilterBook open(String settings) {
    return FilterBook.open(folder.resolve("plugins"), room(settings));
  }

  @Test
  void twoPluginsMayHaveClassesOfTheSameName() throws Exception {
    // Given
    plugin("one", "");
    plugin("two", "");

    // When
    try (FilterBook book = open("order = [two, one]")) {
      // Then
      assertThat(book.filters().names()).containsExactly("two", "one");
      assertThat(book.entries()).extracting(FilterBook.Entry::position).containsExactly(1, 2);
    }
    assertThat(System.getProperty("closed.one")).isEqualTo("yes");
  }

  @Test
  void aPluginSeesNothingOfWeirButTheApi() throws Exception {
    // Given
    plugin(
        "curious",
        """
        for (String name : new String[] {"dev.weir.cli.Main", "dev.weir.http.Via",
            "org.apache.pekko.actor.ActorSystem"}) {
          try {
            Class.forName(name);
            throw new IllegalStateException("there is " + name);
          } catch (ClassNotFoundException e) {
            // as it should be
          }
        }
        Class.forName("dev.weir.http.Headers");
        Class.forName("java.sql.Driver");
        """);

    // When
    try (FilterBook book = open("order = [curious]")) {
      // Then
      assertThat(book.filters().isEmpty()).isFalse();
    }
  }

  @Test
  void theApiIsTheOneOfWeir() throws Exception {
    // Given
    plugin("plain", "");

    // When
    try (FilterBook book = open("order = [plain]")) {
      // Then
      Filter<Object> made = book.filters().all()[0].filter;
      assertThat(made.getClass().getClassLoader()).isInstanceOf(PluginLoader.class);
      assertThat(Filter.class.isInstance(made)).isTrue();
    }
  }

  @Test
  void withoutAnOrderNoJarIsOpened() throws Exception {
    // Given
    Path plugins = Files.createDirectories(folder.resolve("plugins"));
    Files.writeString(plugins.resolve("broken.jar"), "no jar");

    // When
    try (FilterBook book = open("order = []")) {
      // Then
      assertThat(book.filters()).isSameAs(Filters.NONE);
    }
  }

  @Test
  void whatAProviderThrowsIsTheSentence() throws Exception {
    // Given
    plugin("fails", "settings.number(\"size\", 1);");

    // When, then
    assertThatThrownBy(() -> open("order = [fails], fails { size = much }").close())
        .isInstanceOf(PluginException.class)
        .hasMessageContaining("weir.filters.fails.size: expected a whole number");
    assertThatThrownBy(() -> open("order = [fails, fails]").close())
        .hasMessageContaining("names 'fails' twice");
  }
}
