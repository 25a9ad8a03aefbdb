package dev.weir.http

import org.scalacheck.Gen
import org.scalatest.matchers.should.Matchers
import org.scalatest.wordspec.AnyWordSpec
import org.scalatestplus.scalacheck.ScalaCheckPropertyChecks

/** Whatever else stands in Cache-Control, it never lets more be kept than the origin's words do. */
class StrayQuotesSpec extends AnyWordSpec with Matchers with ScalaCheckPropertyChecks {
  implicit override val generatorDrivenConfig: PropertyCheckConfiguration =
    PropertyCheckConfiguration(minSuccessful = 5000)

  private val now = 1795219200000L
  private val seconds: Gen[String] = Gen.oneOf("0", "5", "100000", "x", "-1", "\"7\"")

  private val directive: Gen[String] = Gen.oneOf(
    seconds.map("max-age=" + _),
    seconds.map("s-maxage=" + _),
    seconds.map("stale-while-revalidate=" + _),
    seconds.map("stale-if-error=" + _),
    Gen.oneOf("no-store", "private", "no-cache", "public", "immutable", "must-understand"),
    Gen.oneOf("must-revalidate", "proxy-revalidate", "private=\"set-cookie\"", "no-cache=\"x-a, set-cookie\"")
  )

  /** Mostly with a quote that is out of place; never with directives in a string that is in order. */
  private val garbage: Gen[String] = for {
    before <- Gen.oneOf("", "x", "x=", "x=a", "=", "private=", "max-age=", "x=\\", "x=\"a\"")
    quote  <- Gen.oneOf("\"", "\"a", "\"\\\"", "\"\"\"", "\"a\"b")
    added  <- Gen.frequency(6 -> (before + quote), 1 -> "x", 1 -> "=", 1 -> "x=\\", 1 -> "x=\"a\"")
  } yield added

  private case class Field(words: List[String], at: Int, added: String, glued: Boolean) {
    def clean: String = words.mkString(", ")

    def spoilt: String = {
      val (before, after) = words.splitAt(at % (words.size + 1))
      if (glued && before.nonEmpty) (before.init ++ List(before.last + "\"") ++ after).mkString(", ")
      else (before ++ List(added) ++ after).mkString(", ")
    }
  }

  private val field: Gen[Field] = for {
    words <- Gen.listOf(directive)
    at    <- Gen.choose(0, 20)
    added <- garbage
    glued <- Gen.frequency(5 -> false, 1 -> true)
  } yield Field(words, at, added, glued)

  private case class Exchange(status: Int, asked: List[String], answered: List[String]) {
    def request: RequestHead =
      new RequestHead("GET", "https", new Authority("a.example", 443), "/", Headers.of(asked: _*))

    def response(control: String): ResponseHead =
      new ResponseHead(status, "", Headers.of(answered ++ List("Cache-Control", control): _*))

    def judged(control: String): Storability =
      Storability.judge(request, response(control), now, now, StorageRules.STANDARD)

    def info(control: String): FreshnessInfo =
      Freshness.of(status, response(control).headers, now, now, StorageRules.STANDARD)
  }

  private val exchange: Gen[Exchange] = for {
    status   <- Gen.oneOf(200, 302, 404, 500, 299)
    asked    <- Gen.oneOf(List(), List("Authorization", "Basic eDp5"), List("Cookie", "a=b"))
    modified <- Gen.oneOf(List(), List("Last-Modified", HttpDates.format(now - 86400000L * 30)))
    expires  <- Gen.oneOf(List(), List("Expires", HttpDates.format(now + 60000)))
    cookie   <- Gen.oneOf(List(), List("Set-Cookie", "a=b"))
  } yield Exchange(status, asked, modified ++ expires ++ cookie)

  "Something out of shape in Cache-Control" should {
    "never let more be stored" in {
      forAll(exchange, field) { (x, control) =>
        (x.judged(control.clean), x.judged(control.spoilt)) match {
          // It was refused for want of a lifetime only, and is never used without asking the origin.
          case (before: Storability.Refused, _: Storability.Storable)
              if before.reason == Storability.Refusal.NO_LIFETIME =>
            withClue(control.spoilt) { x.info(control.spoilt).control.noCache shouldBe true }
          case (_: Storability.Refused, after) =>
            withClue(control.spoilt) { after shouldBe a[Storability.Refused] }
          case _ => succeed
        }
      }
    }

    "never keep anything fresh for longer" in {
      forAll(exchange, field) { (x, control) =>
        val clean = x.info(control.clean)
        val spoilt = x.info(control.spoilt)
        withClue(control.spoilt) {
          freshMillis(spoilt) should be <= freshMillis(clean)
          spoilt.staleWhileRevalidateMillis should be <= clean.staleWhileRevalidateMillis
          spoilt.staleIfErrorMillis should be <= clean.staleIfErrorMillis
          (spoilt.forbidsStale || !clean.forbidsStale) shouldBe true
        }
      }
    }

    "never let a request be answered with less than it asks for" in {
      forAll(field) { control =>
        val clean = RequestDirectives.of(Headers.of("Cache-Control", control.clean))
        val spoilt = RequestDirectives.of(Headers.of("Cache-Control", control.spoilt))
        withClue(control.spoilt) {
          (spoilt.noStore || !clean.noStore) shouldBe true
          (spoilt.asksValidation || !clean.asksValidation) shouldBe true
        }
      }
    }
  }

  /** For how long it is served without being asked for: what must be validated, never. */
  private def freshMillis(info: FreshnessInfo): Long =
    if (info.control.noCache) 0 else info.lifetimeMillis
}
