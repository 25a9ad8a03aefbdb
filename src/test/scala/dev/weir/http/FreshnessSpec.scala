package dev.weir.http

import org.scalacheck.Gen
import org.scalatest.matchers.should.Matchers
import org.scalatest.wordspec.AnyWordSpec
import org.scalatestplus.scalacheck.ScalaCheckPropertyChecks

/** What holds for every response, request and time, whatever the fields say. */
class FreshnessSpec extends AnyWordSpec with Matchers with ScalaCheckPropertyChecks {
  private val now = 1795219200000L
  private val day = 86400000L

  private val times: Gen[Long] = Gen.choose(now - 40 * day, now + 40 * day)
  private val seconds: Gen[String] =
    Gen.oneOf(Gen.choose(0, 100000).map(_.toString), Gen.oneOf("", "-1", "x", "1.5", "99999999999999999999"))
  private val dates: Gen[String] = Gen.oneOf(times.map(HttpDates.format(_)), Gen.oneOf("0", "", "yesterday"))

  private val directive: Gen[String] = Gen.oneOf(
    seconds.map("max-age=" + _),
    seconds.map("s-maxage=" + _),
    seconds.map("stale-while-revalidate=" + _),
    seconds.map("stale-if-error=" + _),
    Gen.oneOf("public", "no-cache", "must-revalidate", "proxy-revalidate", "immutable", "no-cache=\"x\"", "\"", "=")
  )

  private val field: Gen[(String, String)] = Gen.oneOf(
    Gen.listOf(directive).map(list => "Cache-Control" -> list.mkString(", ")),
    dates.map("Expires" -> _),
    dates.map("Date" -> _),
    dates.map("Last-Modified" -> _),
    seconds.map("Age" -> _)
  )

  private val stored: Gen[StoredResponse] = for {
    status <- Gen.oneOf(200, 203, 301, 302, 404, 500)
    fields <- Gen.listOf(field)
    sent <- times
    received <- times
  } yield new StoredResponse(
    status,
    "",
    Headers.of(fields.flatMap { case (name, value) => List(name, value) }: _*),
    "GET",
    sent,
    received
  )

  private val request: Gen[RequestDirectives] = Gen
    .listOf(
      Gen.oneOf(
        seconds.map("max-age=" + _),
        seconds.map("max-stale=" + _),
        seconds.map("min-fresh=" + _),
        Gen.oneOf("max-stale", "no-cache", "only-if-cached")
      )
    )
    .map(list => RequestDirectives.of(Headers.of("Cache-Control", list.mkString(","))))

  "Freshness" should {
    "never give a negative age, lifetime or window" in {
      forAll(stored, times) { (response, at) =>
        val info = FreshnessInfo.of(response)
        info.ageMillis(at) should be >= 0L
        info.ageSeconds(at) should be >= 0L
        info.lifetimeMillis should be >= 0L
        info.staleWhileRevalidateMillis should be >= 0L
        info.staleIfErrorMillis should be >= 0L
      }
    }

    "never let a response grow younger" in {
      forAll(stored, times, Gen.choose(0L, day)) { (response, at, later) =>
        val info = FreshnessInfo.of(response)
        info.ageMillis(at + later) should be >= info.ageMillis(at)
      }
    }

    "never guess a longer lifetime than the cap" in {
      forAll(times, times, Gen.choose(0L, day)) { (modified, received, cap) =>
        val fields = Headers.of("Last-Modified", HttpDates.format(modified))
        val info = Freshness.of(200, fields, received, received, new StorageRules(cap, 0, false, true, java.util.List.of()))
        info.source shouldBe FreshnessInfo.LifetimeSource.HEURISTIC
        info.lifetimeMillis should be <= cap
        info.lifetimeMillis should be <= math.max(0L, received - modified + 1000)
      }
    }
  }

  "A decision by RFC 9111" should {
    "never serve a response past its lifetime without licence" in {
      forAll(stored, request, times) { (response, asked, at) =>
        val info = FreshnessInfo.of(response)
        val overdue = info.ageMillis(at) - info.lifetimeMillis
        CacheDecision.decide(at, asked, CachingMode.STANDARD, info, ServingRules.NONE) match {
          case fresh: CacheDecision.Fresh =>
            overdue should be < 0L
            info.control.noCache shouldBe false
            asked.noCache shouldBe false
            fresh.forced shouldBe false
          case _: CacheDecision.Stale =>
            info.forbidsStale shouldBe false
            asked.maxStaleSeconds should not be CacheControl.ABSENT
          case _: CacheDecision.StaleWhileRevalidate =>
            info.forbidsStale shouldBe false
            overdue should be < info.control.staleWhileRevalidateSeconds * 1000
          case _ => succeed
        }
      }
    }

    "never ask the origin for a client that forbids it" in {
      forAll(stored, request, times, Gen.oneOf(CachingMode.values.toSeq)) { (response, asked, at, mode) =>
        whenever(asked.onlyIfCached) {
          val decision = CacheDecision.decide(at, asked, mode, FreshnessInfo.of(response), ServingRules.NONE)
          decision should not be a[CacheDecision.MustValidate]
          decision should not be a[CacheDecision.MustFetch]
        }
      }
    }

    "always serve under NoRefresh" in {
      forAll(stored, request, times) { (response, asked, at) =>
        CacheDecision.decide(at, asked, CachingMode.NO_REFRESH, FreshnessInfo.of(response), ServingRules.NONE) match {
          case _: CacheDecision.Fresh | _: CacheDecision.Stale => succeed
          case other                                           => fail(other.toString)
        }
      }
    }
  }

  "A date" should {
    "read back as it was written" in {
      forAll(Gen.choose(0L, 250000000000L)) { (second: Long) =>
        HttpDates.parse(HttpDates.format(second * 1000)).getAsLong shouldBe second * 1000
      }
    }

    "never fail to be judged" in {
      forAll((text: String) => HttpDates.parse(text))
    }
  }

  "A merged 304" should {
    "make the response as young as the answer" in {
      forAll(stored, dates, times) { (response, date, at) =>
        val merged = NotModified.merge(response, Headers.of("Date", date), at, at, java.util.List.of())
        val ofAnswer = HttpDates.parse(date).orElse(at)
        FreshnessInfo.of(merged).ageMillis(at) shouldBe math.max(0L, at - ofAnswer)
      }
    }
  }
}
