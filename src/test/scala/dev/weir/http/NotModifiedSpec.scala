package dev.weir.http

import java.util.Locale

import scala.jdk.CollectionConverters._

import org.scalacheck.Gen
import org.scalatest.matchers.should.Matchers
import org.scalatest.wordspec.AnyWordSpec
import org.scalatestplus.scalacheck.ScalaCheckPropertyChecks

/** What a 304 may change of a stored response, whatever it carries (RFC 9111 3.2, 4.3.4). */
class NotModifiedSpec extends AnyWordSpec with Matchers with ScalaCheckPropertyChecks {
  private val now = 1795219200000L
  private val describingTheBody = Set("content-length", "content-encoding", "content-range", "content-md5", "vary")

  private val name: Gen[String] = Gen.oneOf(
    "A", "a", "B", "X-Long-Name", "Content-Type", "CONTENT-TYPE", "Link", "Expires", "Content-Location",
    "Content-Length", "content-encoding", "Content-Range", "Content-MD5", "Vary", "Content-Foo"
  )
  private val word: Gen[String] = Gen.listOf(Gen.alphaNumChar).map(_.mkString)
  private val tag: Gen[String] = Gen.oneOf("\"1\"", "\"2\"", "W/\"1\"")
  private val field: Gen[(String, String)] = Gen.frequency(
    8 -> Gen.zip(name, word),
    1 -> tag.map("ETag" -> _),
    1 -> Gen.choose(0, 100).map(seconds => "Cache-Control" -> s"max-age=$seconds"),
    1 -> Gen.choose(-100L, 100L).map(by => "Date" -> HttpDates.format(now + by * 1000)),
    1 -> Gen.choose(0, 100).map(seconds => "Age" -> seconds.toString)
  )
  private val hopByHop: Gen[(String, String)] =
    Gen.oneOf(name.map("Connection" -> _), Gen.const("Keep-Alive" -> "5"), Gen.const("Transfer-Encoding" -> "chunked"))

  /** As stored: the length is the body's own. */
  private val stored: Gen[StoredResponse] =
    Gen.listOf(field).map(fields => response(headers(fields).without("Content-Length")))
  private val notModified: Gen[Headers] =
    Gen.listOf(Gen.frequency(5 -> field, 1 -> hopByHop)).map(headers)

  private def headers(fields: List[(String, String)]): Headers =
    Headers.of(fields.flatMap { case (name, value) => List(name, value) }: _*)

  private def response(fields: Headers) = new StoredResponse(200, "OK", fields, "GET", now - 5000, now - 4000)

  private def names(fields: Headers): Set[String] =
    (0 until fields.size).map(fields.name(_).toLowerCase(Locale.ROOT)).toSet

  private def merge(response: StoredResponse, answer: Headers): StoredResponse =
    NotModified.merge(response, answer, now, now, java.util.List.of())

  /** Fields without which a message is not what it was: Connection cannot make them the connection's own. */
  private val essential = Set("content-type", "expires", "content-location") ++ describingTheBody

  /** What the 304 says of the response rather than of the connection. */
  private def said(answer: Headers): Set[String] = {
    val listed = answer.all("Connection").asScala.map(_.toLowerCase(Locale.ROOT)).toSet -- essential
    names(answer) -- listed -- Set("connection", "keep-alive", "transfer-encoding")
  }

  "A 304" should {
    "leave every field alone that it does not name" in {
      forAll(stored, notModified) { (response, answer) =>
        val merged = merge(response, answer).headers
        for (name <- names(response.headers) -- said(answer) - "age" - "date")
          merged.all(name) shouldBe response.headers.all(name)
      }
    }

    "never touch what describes the stored bytes or chooses the variant" in {
      forAll(stored, notModified) { (response, answer) =>
        val merged = merge(response, answer).headers
        for (name <- describingTheBody) merged.all(name) shouldBe response.headers.all(name)
      }
    }

    "never weaken or replace a strong validator" in {
      forAll(stored, notModified) { (response, answer) =>
        val own = EntityTag.parse(response.headers.first("ETag"))
        whenever(own != null && !own.weak) {
          merge(response, answer).headers.all("ETag") shouldBe response.headers.all("ETag")
        }
      }
    }

    "bring every other field it names up to date" in {
      forAll(stored, notModified) { (response, answer) =>
        val merged = merge(response, answer).headers
        for (name <- said(answer) -- describingTheBody - "etag")
          merged.all(name) shouldBe answer.all(name)
      }
    }

    "bring in nothing of its connection" in {
      forAll(stored, notModified) { (response, answer) =>
        val merged = merge(response, answer).headers
        for (name <- List("Connection", "Keep-Alive", "Transfer-Encoding")) merged.has(name) shouldBe false
      }
    }

    "leave status, reason and method alone, and one Date" in {
      forAll(stored, notModified) { (response, answer) =>
        val merged = merge(response, answer)
        merged.status shouldBe response.status
        merged.reason shouldBe response.reason
        merged.method shouldBe response.method
        merged.headers.has("Date") shouldBe true
      }
    }

    "say no more the second time" in {
      forAll(stored, notModified) { (response, answer) =>
        val once = merge(response, answer)
        val dated = if (answer.has("Date")) answer else answer.plus("Date", HttpDates.format(now))
        names(merge(once, dated).headers) shouldBe names(once.headers)
      }
    }
  }
}
