package dev.weir.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.cluster.Greetings.Greeting;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who founds a fleet, and which of two gives way. */
class FoundingTest {
  private static final Hello HELLO = Hello.of("AA", 256, "2");
  private static final Greeting SILENT = new Greeting.Silent("c:1", "no answer");
  private static final Greeting NOBODY = new Greeting.Nobody("c:1");

  private static Greeting said(String node, String... fleet) {
    return new Greeting.Said(node, HELLO.joined(List.of(fleet)));
  }

  /** Found by a soak: the first node to join by, cut off, founded a second fleet after 4 s. */
  @Test
  void aNodeThatWasCutOffFoundedAFleetOfItsOwn() {
    assertThat(Founding.mayFound("a:1", List.of(SILENT, SILENT), false)).isFalse();
    assertThat(Founding.mayFound("a:1", List.of(SILENT), false)).isFalse();
  }

  @Test
  void whereNobodyListensNoNodeRuns() {
    assertThat(Founding.mayFound("a:1", List.of(), false)).isTrue();
    assertThat(Founding.mayFound("a:1", List.of(NOBODY), false)).isTrue();
    assertThat(Founding.mayFound("a:1", List.of(NOBODY, SILENT), false)).isTrue();
    assertThat(Founding.mayFound("a:1", List.of(NOBODY, SILENT, SILENT), false)).isFalse();
  }

  @Test
  void twoThatStartAtOnceFoundedTwoFleets() {
    Greeting first = new Greeting.Nobody("a:1");
    assertThat(Founding.mayFound("b:1", List.of(first), true)).isFalse();
    assertThat(Founding.mayFound("b:1", List.of(first), false)).isTrue();
    assertThat(Founding.mayFound("a:1", List.of(said("b:1"), NOBODY), true)).isTrue();
  }

  @Test
  void nobodyFoundsBesideAFleet() {
    assertThat(Founding.mayFound("a:1", List.of(said("b:1", "b:0"), NOBODY), false)).isFalse();
  }

  @Test
  void aNodeOfAnotherPeerCaIsNotOneThatWasAsked() {
    assertThat(Founding.mayFound("a:1", List.of(new Greeting.Foreign("b:1", "of X")), false))
        .isFalse();
  }

  /** Whichever of five run, one of them founds if it is the greater part, and else none. */
  @ParameterizedTest
  @CsvSource({"0, 31", "0, 7", "1, 26", "3, 24"})
  void ofThoseThatRunTheFirstFounds(int first, int running) {
    // Given
    List<String> names = List.of("a:1", "b:1", "c:1", "d:1", "e:1");
    // When
    List<Integer> founders = new ArrayList<>();
    for (int self = 0; self < names.size(); self++) {
      if ((running >> self & 1) == 1
          && Founding.mayFound(names.get(self), seen(self, running), false)) {
        founders.add(self);
      }
    }
    // Then
    assertThat(founders).isEqualTo(Integer.bitCount(running) > 2 ? List.of(first) : List.of());
  }

  private static List<Greeting> seen(int self, int running) {
    List<Greeting> others = new ArrayList<>();
    for (int other = 0; other < 5; other++) {
      if (other != self) {
        others.add((running >> other & 1) == 1 ? said((char) ('a' + other) + ":1") : SILENT);
      }
    }
    return others;
  }

  @Test
  void ofTwoFleetsExactlyOneGivesWay() {
    List<List<String>> fleets =
        List.of(List.of("a:0"), List.of("b:0"), List.of("b:0", "c:0"), List.of("c:0", "d:0"));
    for (List<String> one : fleets) {
      for (List<String> other : fleets) {
        boolean oneYields = yields(one, other);
        boolean otherYields = yields(other, one);
        boolean twoFleets = one.stream().noneMatch(other::contains);
        assertThat(oneYields ^ otherYields).as(one + " and " + other).isEqualTo(twoFleets);
      }
    }
    assertThat(yields(List.of("a:0"), List.of("b:0", "c:0"))).isTrue();
  }

  private static boolean yields(List<String> mine, List<String> theirs) {
    return Founding.staying(
            HELLO.joined(mine), List.of(SILENT, said("x:1", theirs.toArray(String[]::new))))
        != null;
  }

  @Test
  void aNodeThatDoesNotSayItsFleetIsOfNoOther() {
    Hello earlier = new Hello("AA", 1, 1, "1", 256, true, List.of());
    assertThat(
            Founding.staying(
                HELLO.joined(List.of("b:0")), List.of(new Greeting.Said("a:1", earlier))))
        .isNull();
  }

  /** It would have ended its fabric and could not have joined the other. */
  @Test
  void aNodeGaveWayToAFleetThatItCannotBeOf() {
    Hello otherShards = Hello.of("AA", 1024, "2").joined(List.of("a:0", "c:0"));
    assertThat(
            Founding.staying(
                HELLO.joined(List.of("b:0")), List.of(new Greeting.Said("a:1", otherShards))))
        .isNull();
  }
}
