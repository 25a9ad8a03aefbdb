package dev.weir.http

import dev.weir.http.ByteRanges.Selection
import org.scalacheck.Gen
import org.scalatest.matchers.should.Matchers
import org.scalatest.wordspec.AnyWordSpec
import org.scalatestplus.scalacheck.ScalaCheckPropertyChecks

import scala.jdk.CollectionConverters._

/** Whatever ranges are asked for, what is sent puts together exactly the bytes they name. */
class RangesSpec extends AnyWordSpec with Matchers with ScalaCheckPropertyChecks {
  private val total = 200

  private val spec: Gen[String] = Gen.oneOf(
    for {
      first <- Gen.choose(0, 220)
      more <- Gen.choose(0, 60)
    } yield s"$first-${first + more}",
    Gen.choose(0, 220).map(first => s"$first-"),
    Gen.choose(0, 220).map(suffix => s"-$suffix")
  )

  /** The bytes a range names by the letter of RFC 9110 14.1.2. */
  private def named(spec: String): Set[Int] = {
    val dash = spec.indexOf('-')
    val (from, to) = (spec.take(dash), spec.drop(dash + 1))
    val range =
      if (from.isEmpty) math.max(0, total - to.toInt) until total
      else if (to.isEmpty) from.toInt until total
      else from.toInt to math.min(to.toInt, total - 1)
    range.toSet
  }

  "Resolved ranges" should {
    "be the bytes asked for, none twice" in {
      forAll(Gen.nonEmptyListOf(spec)) { specs =>
        whenever(specs.size <= ByteRanges.DEFAULT_MAX_RANGES) {
          val wanted = specs.flatMap(named).toSet
          ByteRanges.resolve("bytes=" + specs.mkString(","), total.toLong, ByteRanges.DEFAULT_MAX_RANGES) match {
            case parts: Selection.Parts =>
              val sent = parts.parts.asScala.toList.flatMap(part => part.first.toInt to part.last.toInt)
              sent.toSet shouldBe wanted
              sent.size shouldBe wanted.size
              parts.totalBytes shouldBe wanted.size.toLong
            case _: Selection.Unsatisfiable => wanted shouldBe empty
            case _: Selection.Whole         => fail("a valid range was not understood")
          }
        }
      }
    }

    "keep the order asked for where nothing touches" in {
      forAll(Gen.someOf(0 until 20).map(scala.util.Random.shuffle(_))) { starts =>
        whenever(starts.nonEmpty) {
          val asked = starts.toList.map(start => (start * 10L, start * 10L + 5))
          val field = asked.map { case (first, last) => s"$first-$last" }.mkString("bytes=", ",", "")
          ByteRanges.resolve(field, total.toLong, 64) match {
            case parts: Selection.Parts =>
              parts.parts.asScala.toList.map(part => (part.first, part.last)) shouldBe asked
            case other => fail(other.toString)
          }
        }
      }
    }

    "put a body together again that was fetched piece by piece" in {
      forAll(Gen.containerOf[Array, Byte](Gen.choose(Byte.MinValue, Byte.MaxValue)), Gen.choose(1, 50)) {
        (body: Array[Byte], piece: Int) =>
          val pieces = body.indices.by(piece).flatMap { first =>
            ByteRanges.resolve(s"bytes=$first-${first + piece - 1}", body.length.toLong, 1) match {
              case parts: Selection.Parts =>
                val part = parts.parts.get(0)
                body.slice(part.first.toInt, part.last.toInt + 1)
              case other => fail(other.toString)
            }
          }
          pieces shouldBe body.toSeq
      }
    }

    "never fail on any text" in {
      forAll((text: String, bytes: Int) => ByteRanges.resolve("bytes=" + text, math.abs(bytes.toLong), 8))
    }
  }
}
