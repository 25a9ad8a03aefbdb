package dev.weir.policy

import java.net.URLDecoder
import java.nio.charset.StandardCharsets.ISO_8859_1

import dev.weir.http.{Authority, Headers, RequestHead}
import dev.weir.rules.RuleFiles
import org.scalacheck.Gen
import org.scalatest.matchers.should.Matchers
import org.scalatest.wordspec.AnyWordSpec
import org.scalatestplus.scalacheck.ScalaCheckPropertyChecks

/** Keys never join what is different, whatever stands in a URL. */
class KeySpec extends AnyWordSpec with Matchers with ScalaCheckPropertyChecks {
  private val hosts = Gen.oneOf("example.com", "b.s3.amazonaws.com", "production.cloudflare.docker.com")

  private val text: Gen[String] = Gen
    .listOf(Gen.oneOf(Gen.alphaNumChar.map(_.toString), Gen.oneOf("+", "%2B", "%20", "%2f", "%FF", "~", ".", "/", "%7E")))
    .map(_.mkString)

  private val kept: Gen[(String, String)] = for {
    name <- Gen.oneOf("a", "B", "b", "page", "q", "%61", "x-id")
    value <- text
  } yield name -> value

  private val signing: Gen[(String, String)] = for {
    name <- Gen.oneOf("X-Amz-Date", "x-amz-signature", "X-Amz-Credential", "%58-amz-expires")
    value <- text
  } yield name -> value

  private val path: Gen[String] = text.map("/" + _)

  private def key(host: String, target: String): CacheKey =
    CacheKeys.of(new RequestHead("GET", "https", new Authority(host, 443), target, Headers.EMPTY), "")

  private def target(path: String, parameters: Seq[(String, String)]): String =
    if (parameters.isEmpty) path
    else path + parameters.map { case (name, value) => s"$name=$value" }.mkString("?", "&", "")

  private def decoded(parameters: Seq[(String, String)]): Seq[(String, String)] = parameters.map {
    case (name, value) => (URLDecoder.decode(name, ISO_8859_1), URLDecoder.decode(value, ISO_8859_1))
  }.sorted

  "A key" should {
    "stay the same when its own URL is normalised again" in {
      forAll(hosts, path, Gen.listOf(kept), Gen.listOf(signing)) { (host, at, parameters, signature) =>
        val once = key(host, target(at, parameters ++ signature))
        val again = key(host, once.keyUrl.stripPrefix("https://" + host))
        again.keyUrl shouldBe once.keyUrl
      }
    }

    "not depend on the signature, nor on where it stands" in {
      forAll(hosts, path, Gen.listOf(kept), Gen.nonEmptyListOf(signing), Gen.nonEmptyListOf(signing)) {
        (host, at, parameters, one, other) =>
          key(host, target(at, parameters ++ one)).primary shouldBe
            key(host, target(at, other ++ parameters.reverse)).primary
      }
    }

    "never be shared by signed URLs that differ in what is kept" in {
      forAll(hosts, path, Gen.listOf(kept), Gen.listOf(kept), Gen.nonEmptyListOf(signing)) {
        (host, at, one, other, signature) =>
          val same =
            key(host, target(at, one ++ signature)).primary == key(host, target(at, other ++ signature)).primary
          same shouldBe (decoded(one) == decoded(other))
      }
    }

    "never be shared by unsigned URLs that differ in one octet" in {
      forAll(hosts, path, path, Gen.listOf(kept), Gen.listOf(kept)) { (host, here, there, one, other) =>
        val (first, second) = (target(here, one), target(there, other))
        (key(host, first).primary == key(host, second).primary) shouldBe (first == second)
      }
    }

    "never be shared by a signed and an unsigned URL" in {
      forAll(hosts, path, Gen.listOf(kept), Gen.nonEmptyListOf(signing)) { (host, at, parameters, signature) =>
        val signed = key(host, target(at, parameters ++ signature))
        val unsigned = key(host, signed.keyUrl.stripPrefix("https://" + host))
        signed.signed shouldBe true
        unsigned.signed shouldBe false
        unsigned.primary should not be signed.primary
      }
    }

    "never fail on any target" in {
      forAll { (text: String) =>
        val target = "/" + text.filter(c => c > ' ' && c < 0x7f)
        key("example.com", target).primary.digest should have length 56
        RuleFiles.defaults(Policy.STANDARD).resolve(
          new RequestHead("GET", "https", new Authority("example.com", 443), target, Headers.EMPTY)
        )
        CacheKeys.extension(target)
      }
    }
  }
}
