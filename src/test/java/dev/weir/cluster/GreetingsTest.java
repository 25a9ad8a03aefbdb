package dev.weir.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.cluster.Greetings.Greeting;
import java.util.List;
import org.apache.pekko.cluster.Invalid;
import org.apache.pekko.cluster.Valid;
import org.junit.jupiter.api.Test;

/** Whom a node that starts takes for its fleet, and who is refused. */
class GreetingsTest {
  private static final Hello OWN = Hello.of("AA", 256, "2");
  private static final Hello OTHER_CA = Hello.of("BB", 256, "2");
  private static final Hello OTHER_SHARDS = Hello.of("AA", 1024, "2");

  private static Greeting said(Hello hello) {
    return new Greeting.Said("b:25521", hello);
  }

  @Test
  void aNodeThatDiffersFromItsFleetIsRefusedWithBothNamed() {
    // When
    String difference =
        Greetings.difference(OWN, List.of(said(OTHER_CA.joined(List.of("b:25520")))));

    // Then
    assertThat(difference).contains("(AA)", "b:25521 (BB)", "weir cluster init");
  }

  @Test
  void aNodeWithTheWrongCaThatStartedAtTheSameTimeTookRightOnesAlong() {
    // When
    String difference =
        Greetings.difference(
            OWN, List.of(said(OTHER_CA.joined(List.of())), said(OWN.joined(List.of()))));

    // Then
    assertThat(difference).isNull();
  }

  @Test
  void aVersionThatDoesNotSayWhetherItHasJoinedSpeaksForItsFleet() throws Exception {
    // Given
    Hello earlier =
        new ObjectMapper()
            .readValue(
                "{'ca':'BB','keyShape':1,'protocol':1,'release':'1'}".replace('\'', '"'),
                Hello.class);

    // When // Then
    assertThat(Greetings.difference(OWN, List.of(said(earlier)))).contains("(AA)", "(BB)");
  }

  @Test
  void aGreetingOfALaterVersionCouldNotBeRead() throws Exception {
    // Given
    String later =
        "{'ca':'AA','keyShape':1,'protocol':1,'release':'3','shards':256,'joined':true,'more':[1]}";

    // When
    Hello hello = new ObjectMapper().readValue(later.replace('\'', '"'), Hello.class);

    // Then
    assertThat(Greetings.difference(OWN, List.of(said(hello)))).isNull();
  }

  @Test
  void twoNumbersOfShardsGaveAKeyTwoKeepers() {
    // When
    String difference =
        Greetings.difference(OWN, List.of(said(OTHER_SHARDS.joined(List.of("b:25520")))));

    // Then
    assertThat(difference).contains("256 shards", "b:25521 to 1024", "number-of-shards");
  }

  @Test
  void aNodeOfAnotherFleetIsRefusedUnlessItStandsAlone() {
    // Given
    Greeting foreign = new Greeting.Foreign("c:25521", "its peer CA is X, this node's is Y");

    // When // Then
    assertThat(Greetings.difference(OWN, List.of(foreign)))
        .contains("c:25521 is of another fleet", "X", "Y", "weir cluster init");
    assertThat(Greetings.difference(OWN, List.of(foreign, said(OWN.joined(List.of()))))).isNull();
  }

  @Test
  void whoDoesNotAnswerRefusesNobody() {
    // When // Then
    assertThat(Greetings.difference(OWN, List.of(new Greeting.Silent("b:25521", "refused"))))
        .isNull();
  }

  @Test
  void whoJoinsAgreesInAllThatBothKnow() {
    // Given
    FleetAgreement agreement = new FleetAgreement();
    var own = FleetAgreement.of(OWN);

    // When // Then
    assertThat(agreement.check(FleetAgreement.of(OWN.joined(List.of("b:25520"))), own))
        .isEqualTo(Valid.getInstance());
    assertThat(agreement.check(FleetAgreement.of(OTHER_CA), own)).isInstanceOf(Invalid.class);
    assertThat(agreement.check(FleetAgreement.of(OTHER_SHARDS), own)).isInstanceOf(Invalid.class);
    assertThat(agreement.check(own.withoutPath("weir-fleet"), own)).isEqualTo(Valid.getInstance());
  }
}
