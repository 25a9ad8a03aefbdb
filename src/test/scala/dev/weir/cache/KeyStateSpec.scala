package dev.weir.cache

import java.util.{List => JavaList}

import scala.jdk.CollectionConverters._

import com.typesafe.config.ConfigFactory
import dev.weir.cache.KeyState.{CommitDecision, Decision}
import dev.weir.entry.{Body, Entry, Epoch, FillId, Grant, NodeId, PrimaryKey, VariantKey}
import dev.weir.http.{Headers, StoredResponse}
import dev.weir.store.MetadataStore.Version
import org.scalacheck.Gen
import org.scalatest.matchers.should.Matchers
import org.scalatest.wordspec.AnyWordSpec
import org.scalatestplus.scalacheck.ScalaCheckPropertyChecks

/** The rules of one key, for whatever happens to it in whatever order. */
class KeyStateSpec extends AnyWordSpec with Matchers with ScalaCheckPropertyChecks {
  private val settings = CacheSettings.from(
    ConfigFactory.parseResources("reference/cache.conf").resolve().getConfig("weir.cache")
  )
  private val primary = new PrimaryKey("http", "origin.test", "a" * 56)
  private val none = JavaList.of[String]()

  private sealed trait Event
  private case object Look extends Event
  private case object Replace extends Event
  private case class Head(which: Int) extends Event
  private case class Commit(which: Int) extends Event
  private case class End(which: Int) extends Event
  private case object Silence extends Event
  private case object Purge extends Event

  private val event: Gen[Event] = Gen.frequency(
    5 -> Gen.const(Look),
    2 -> Gen.const(Replace),
    4 -> Gen.choose(0, 9).map(Head(_)),
    5 -> Gen.choose(0, 9).map(Commit(_)),
    1 -> Gen.choose(0, 9).map(End(_)),
    1 -> Gen.const(Silence),
    1 -> Gen.const(Purge)
  )

  private def fresh(): KeyState =
    new KeyState(primary, settings, new StoredKey(Epoch.FIRST, none, Version.ABSENT, JavaList.of()))

  private def ask(intent: Question.Intent, mayWait: Boolean = true): KeeperCommand.Ask =
    new KeeperCommand.Ask(1, null, new NodeId("n1"), intent, none, VariantKey.NONE, null, mayWait)

  private def entry(grant: Grant, atMillis: Long): Entry = {
    val response = new StoredResponse(200, "", Headers.EMPTY, "GET", atMillis, atMillis)
    new Entry(primary, VariantKey.NONE, "http://o/", response, new Body.Inline(Array()), grant.epoch, grant.fill)
  }

  private def headed(grant: Grant): KeeperCommand.Headed =
    new KeeperCommand.Headed(grant, KeeperCommand.Fate.STORE, none, VariantKey.NONE, true)

  private def granted(decision: Decision): Option[Grant] = decision match {
    case lead: Decision.Lead => Some(lead.grant)
    case validate: Decision.Validate => Some(validate.grant)
    case _ => None
  }

  private def commit(state: KeyState, grant: Grant, atMillis: Long): CommitDecision = {
    val decision = state.decideCommit(grant, entry(grant, atMillis), none)
    if (decision.isInstanceOf[CommitDecision.Write]) {
      state.committed(grant, entry(grant, atMillis), none, new Version(s"v$atMillis"), null)
    }
    decision
  }

  /** A key, the grants it gave in their order, and what a reference of a few lines says of it. */
  private class Run {
    val state: KeyState = fresh()
    var grants: Vector[Grant] = Vector.empty
    var released: Set[FillId] = Set.empty
    var ended: Set[FillId] = Set.empty
    var now: Long = 1L
    var stored: Option[FillId] = None

    private def pick(which: Int): Option[Grant] = grants.reverse.lift(which)

    private def order(fill: FillId): Int = grants.indexWhere(_.fill == fill)

    def happen(event: Event): Unit = {
      now += 1
      val before = state.epoch
      event match {
        case Look => onAnswer(state.decide(ask(Question.Intent.LOOK), FillId.random(), now))
        case Replace =>
          state.decide(ask(Question.Intent.REPLACE), FillId.random(), now) match {
            case _: Decision.Serve => fail("a replacement was answered with what is stored")
            case decision => granted(decision).foreach(grant => grants :+= grant)
          }
        case Head(which) => pick(which).foreach(grant => state.headed(headed(grant), now))
        case Commit(which) => pick(which).foreach(onCommit)
        case End(which) => pick(which).foreach { grant =>
            state.ended(grant.fill)
            ended += grant.fill
          }
        case Silence =>
          now += settings.headTimeoutMillis * 1000000 + 1
          released ++= state.releaseSilent(now).asScala
        case Purge =>
          state.invalidate(0)
          stored = None
      }
      val after = if (event == Purge) before.next(0) else before
      state.epoch shouldBe after
    }

    private def onAnswer(decision: Decision): Unit = decision match {
      case serve: Decision.Serve => Some(serve.kept.entry.tag) shouldBe stored
      case join: Decision.Join =>
        val fill = join.fill
        stored shouldBe None
        fill.grant.epoch shouldBe state.epoch
        released should not contain fill.id
        ended should not contain fill.id
      case other =>
        stored shouldBe None
        granted(other).foreach { grant =>
          grant.epoch shouldBe state.epoch
          grants :+= grant
        }
    }

    private def onCommit(grant: Grant): Unit = if (!stored.contains(grant.fill)) {
      val before = stored
      commit(state, grant, 1000L + order(grant.fill)) match {
        case _: CommitDecision.Write =>
          grant.epoch shouldBe state.epoch
          released should not contain grant.fill
          before.foreach(old => order(old) should be < order(grant.fill))
          stored = Some(grant.fill)
        case refuse: CommitDecision.Refuse =>
          val superseded = before.exists(old => order(old) > order(grant.fill))
          withClue(refuse.reason) {
            (grant.epoch != state.epoch || released(grant.fill) || superseded) shouldBe true
          }
        case _: CommitDecision.Refresh => fail("a new body is no refresh")
        case _: CommitDecision.Hold => fail("nothing is held that was not to be")
        case _: CommitDecision.Known => fail("it was not stored before")
      }
    }
  }

  "A key" should {
    "keep its rules whatever happens in whatever order" in {
      forAll(Gen.listOfN(60, event), minSuccessful(20000)) { events =>
        val run = new Run
        events.foreach(run.happen)
      }
    }

    "have one leader that the others follow" in {
      val state = fresh()
      val first = granted(state.decide(ask(Question.Intent.LOOK), FillId.random(), 1)).get
      for (_ <- 1 to 10) {
        state.decide(ask(Question.Intent.LOOK), FillId.random(), 2) match {
          case join: Decision.Join => join.fill.id shouldBe first.fill
          case other => fail(s"not followed: $other")
        }
      }
    }

    "discard the commit of a fill that a purge has overtaken" in {
      val state = fresh()
      val old = granted(state.decide(ask(Question.Intent.LOOK), FillId.random(), 1)).get
      state.invalidate(0)
      val next = granted(state.decide(ask(Question.Intent.LOOK), FillId.random(), 2)).get
      next.epoch shouldBe old.epoch.next(0)
      commit(state, old, 1000) shouldBe new CommitDecision.Refuse("epoch")
      commit(state, next, 1001) shouldBe a[CommitDecision.Write]
    }

    // A commit that came after the end of its fill had no place in the order of grants.
    "never put an older response over one whose commit came after its end" in {
      val state = fresh()
      val old = granted(state.decide(ask(Question.Intent.LOOK), FillId.random(), 1)).get
      state.headed(headed(old), 2)
      val next = granted(state.decide(ask(Question.Intent.REPLACE), FillId.random(), 3)).get
      state.ended(next.fill)
      commit(state, next, 1001) shouldBe a[CommitDecision.Write]
      commit(state, old, 1000) shouldBe new CommitDecision.Refuse("superseded")
    }

    "let nobody wait for a request with credentials" in {
      val state = fresh()
      granted(state.decide(ask(Question.Intent.LOOK, mayWait = false), FillId.random(), 1)) should not be empty
      granted(state.decide(ask(Question.Intent.LOOK), FillId.random(), 2)) should not be empty
    }

    "remember for a while that nothing can be stored" in {
      val state = fresh()
      val grant = granted(state.decide(ask(Question.Intent.LOOK), FillId.random(), 1)).get
      state.headed(new KeeperCommand.Headed(grant, KeeperCommand.Fate.RELAY, none, VariantKey.NONE, true), 2)
      def solo(nowNanos: Long): Boolean =
        state.decide(ask(Question.Intent.LOOK), FillId.random(), nowNanos) match {
          case lead: Decision.Lead => lead.solo
          case other => fail(s"not led: $other")
        }
      solo(3) shouldBe true
      solo(4) shouldBe true
      solo(3 + settings.uncacheableMillis * 1000000) shouldBe false
    }
  }

  "A slot" should {
    val one = new FillId("1")
    val two = new FillId("2")
    val kept = new Slot.Kept(entry(new Grant(primary, one, Epoch.FIRST, new NodeId("n1")), 1), Version.ABSENT, 1, 1)

    "go through a fetch and a validation" in {
      val filling = new Slot.Vacant().lead(one)
      filling shouldBe new Slot.Filling(one)
      val stored = filling.committed(kept, one)
      stored shouldBe new Slot.Stored(kept)
      val renewing = stored.lead(two)
      renewing shouldBe new Slot.Renewing(kept, two)
      renewing.ended(two) shouldBe stored
      renewing.removed() shouldBe new Slot.Filling(two)
      stored.removed() shouldBe new Slot.Vacant()
    }

    "ignore the end of a fill that was superseded" in {
      val superseded = new Slot.Vacant().lead(one).lead(two)
      superseded.ended(one) shouldBe superseded
      superseded.committed(kept, one) shouldBe new Slot.Renewing(kept, two)
    }
  }
}
