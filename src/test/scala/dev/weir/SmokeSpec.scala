package dev.weir

import org.scalatest.wordspec.AnyWordSpec

class SmokeSpec extends AnyWordSpec {
  "a" should { "b" in { assert(classOf[dev.weir.cli.Main] != null) } }
}
