package dev.weir.http

import scala.util.Random

import org.scalacheck.Gen
import org.scalatest.matchers.should.Matchers
import org.scalatest.wordspec.AnyWordSpec
import org.scalatestplus.scalacheck.ScalaCheckPropertyChecks

/**
 * Decisions over sets of directives and positions of the clock, against arithmetic of their own: what RFC 9111 4.2
 * and RFC 5861 say in as few words as possible.
 */
class ServingSpec extends AnyWordSpec with Matchers with ScalaCheckPropertyChecks {
  implicit override val generatorDrivenConfig: PropertyCheckConfiguration = PropertyCheckConfiguration(minSuccessful = 10000)

  private val arrival = 1795219200000L

  /** What an origin said; seconds. */
  private case class Said(
      shared: Option[Int],
      maxAge: Option[Int],
      expires: Option[Int],
      age: Option[Int],
      whileRevalidate: Option[Int],
      ifError: Option[Int],
      flags: Set[String],
      targeted: Boolean,
      seed: Long
  ) {
    def lifetime: Int =
      shared.orElse(maxAge).orElse(if (targeted) None else expires.map(math.max(0, _))).getOrElse(0)

    def forbidsStale: Boolean =
      shared.isDefined || Set("must-revalidate", "proxy-revalidate", "no-cache").exists(flags)

    def response: StoredResponse = {
      val directives = flags.toList ++ shared.map("s-maxage=" + _) ++ maxAge.map("max-age=" + _) ++
        whileRevalidate.map("stale-while-revalidate=" + _) ++ ifError.map("stale-if-error=" + _)
      val control = new Random(seed).shuffle(directives).mkString(", ")
      val fields = List("Date" -> HttpDates.format(arrival)) ++
        (if (targeted) List("CDN-Cache-Control" -> control, "Cache-Control" -> "max-age=999999")
         else List("Cache-Control" -> control)) ++
        expires.map(at => "Expires" -> HttpDates.format(arrival + at * 1000L)) ++ age.map("Age" -> _.toString)
      val lines = new Random(seed).shuffle(fields).flatMap { case (name, value) => List(name, value) }
      new StoredResponse(200, "OK", Headers.of(lines: _*), "GET", arrival, arrival)
    }

    /** By the rules a stock node has. */
    def info: FreshnessInfo =
      Freshness.of(response, StorageRules.STANDARD.withTargets(java.util.List.of("CDN-Cache-Control")))
  }

  private case class Asked(maxAge: Option[Int], minFresh: Option[Int], maxStale: Option[Int], noCache: Boolean) {
    def directives: RequestDirectives = {
      val all = maxAge.map("max-age=" + _) ++ minFresh.map("min-fresh=" + _) ++ maxStale.map("max-stale=" + _) ++
        (if (noCache) List("no-cache") else Nil)
      if (all.isEmpty) RequestDirectives.of(Headers.EMPTY)
      else RequestDirectives.of(Headers.of("Cache-Control", all.mkString(",")))
    }
  }

  private val seconds: Gen[Int] = Gen.oneOf(Gen.choose(0, 20), Gen.choose(0, 1000))

  private val said: Gen[Said] = for {
    shared <- Gen.frequency(3 -> Gen.const(None), 1 -> seconds.map(Some(_)))
    maxAge <- Gen.option(seconds)
    expires <- Gen.option(Gen.choose(-20, 1000))
    age <- Gen.option(seconds)
    whileRevalidate <- Gen.option(seconds)
    ifError <- Gen.option(seconds)
    some <- Gen.someOf("must-revalidate", "proxy-revalidate", "no-cache", "public", "unknown")
    // A targeted field without members is not there (RFC 9213 2.1).
    flags <- Gen.oneOf(some.toSet, Set("public"), Set("public")).map(all => if (all.isEmpty) Set("public") else all)
    targeted <- Gen.oneOf(true, false, false)
    seed <- Gen.choose(0L, Long.MaxValue)
  } yield Said(shared, maxAge, expires, age, whileRevalidate, ifError, flags, targeted, seed)

  private val asked: Gen[Asked] = for {
    maxAge <- Gen.frequency(3 -> Gen.const(None), 1 -> seconds.map(Some(_)))
    minFresh <- Gen.frequency(3 -> Gen.const(None), 1 -> seconds.map(Some(_)))
    maxStale <- Gen.option(seconds)
    noCache <- Gen.frequency(5 -> false, 1 -> true)
  } yield Asked(maxAge, minFresh, maxStale, noCache)

  /** Milliseconds since it came; often at the very edge of a second. */
  private val elapsed: Gen[Long] =
    Gen.oneOf(Gen.choose(0L, 2000000L), Gen.zip(seconds, Gen.choose(-1L, 1L)).map { case (s, by) => math.max(0L, s * 1000L + by) })

  "A stored response" should {
    "be served for its lifetime, and not a millisecond longer without a licence" in {
      forAll(said, asked, elapsed) { (said, asked, elapsed) =>
        val age = said.age.getOrElse(0) * 1000L + elapsed
        val left = said.lifetime * 1000L - age
        val objects = asked.noCache || said.flags("no-cache") ||
          asked.maxAge.exists(most => most == 0 || age > most * 1000L) ||
          asked.minFresh.exists(left < _ * 1000L)
        val decision =
          CacheDecision.decide(arrival + elapsed, asked.directives, CachingMode.STANDARD, said.info, ServingRules.NONE)
        decision match {
          case fresh: CacheDecision.Fresh =>
            objects shouldBe false
            left should be > 0L
            fresh.ageMillis shouldBe age
            fresh.ttlMillis shouldBe left
          case _: CacheDecision.Stale =>
            objects shouldBe false
            said.forbidsStale shouldBe false
            -left should be <= asked.maxStale.getOrElse(-1) * 1000L
          case _: CacheDecision.StaleWhileRevalidate =>
            objects shouldBe false
            said.forbidsStale shouldBe false
            -left should be < said.whileRevalidate.getOrElse(-1) * 1000L
          case _: CacheDecision.MustValidate => (objects || left <= 0) shouldBe true
          case other                         => fail(other.toString)
        }
      }
    }

    "take the place of an error within its window only" in {
      forAll(said, elapsed, Gen.oneOf(404, 429, 500, 501, 502, 503, 504)) { (said, elapsed, status) =>
        val left = said.lifetime * 1000L - said.age.getOrElse(0) * 1000L - elapsed
        val fresh = left > 0 && !said.flags("no-cache")
        val window = if (said.forbidsStale) 0L else said.ifError.getOrElse(0) * 1000L
        val covered = Set(500, 502, 503, 504)(status) && (fresh || (!said.forbidsStale && -left < window))
        StaleOnError.allowed(
          arrival + elapsed,
          new OriginTrouble.Answered(status),
          CachingMode.STANDARD,
          RequestDirectives.of(Headers.EMPTY),
          said.info
        ) shouldBe covered
      }
    }

    "never be used stale for a lost origin where it forbids that" in {
      forAll(said, elapsed) { (said, elapsed) =>
        val left = said.lifetime * 1000L - said.age.getOrElse(0) * 1000L - elapsed
        val fresh = left > 0 && !said.flags("no-cache")
        StaleOnError.allowed(
          arrival + elapsed,
          OriginTrouble.UNREACHABLE,
          CachingMode.STANDARD,
          RequestDirectives.of(Headers.EMPTY),
          said.info
        ) shouldBe (fresh || !said.forbidsStale)
      }
    }

    "have no negative age, wherever the clock stands" in {
      forAll(said, Gen.choose(-4000000000L, 4000000000L)) { (said, by) =>
        said.info.ageMillis(arrival + by) should be >= said.age.getOrElse(0) * 1000L
        said.info.ageSeconds(arrival + by) should be >= 0L
      }
    }
  }
}
