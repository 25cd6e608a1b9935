// Promise: a misspelt word is answered with the one that was meant, and never with one that is far
// away.

import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3)))
struct LikenessTests {
  private static let plugins = ["thankyou", "echo", "discard", "daytime", "chargen"]

  @Test(arguments: [
    ("eco", "echo"), ("ehco", "echo"), ("echoo", "echo"), ("Echo", "echo"),
    ("thankyuo", "thankyou"),
    ("thank-you", "thankyou"), ("dytime", "daytime"), ("chargne", "chargen"),
  ])
  func `A slip of the finger finds its word`(word: String, meant: String) {
    #expect(Likeness.nearest(to: word, among: Self.plugins) == meant)
  }

  @Test(arguments: ["", "x", "http", "greeter", "e", "ecxx", String(repeating: "echo", count: 50)])
  func `A word that is near none finds none`(word: String) {
    #expect(Likeness.nearest(to: word, among: Self.plugins) == nil)
  }

  @Test func `The distance is that of the operations it names`() {
    #expect(Likeness.distance("", "") == 0)
    #expect(Likeness.distance("abc", "") == 3)
    #expect(Likeness.distance("", "abc") == 3)
    #expect(Likeness.distance("abc", "abd") == 1)
    #expect(Likeness.distance("abc", "acb") == 1)
    #expect(Likeness.distance("abc", "ab") == 1)
    #expect(Likeness.distance("kitten", "sitting") == 3)
  }

  @Test func `It is the same both ways, and never more than the longer word`() {
    var generator = SeededGenerator(test: "Likeness")
    func word() -> String {
      String(
        (0..<Int.random(in: 0...8, using: &generator)).map { _ in
          "abc".randomElement(using: &generator)!
        })
    }
    for _ in 0..<500 {
      let (one, other) = (word(), word())
      let distance = Likeness.distance(one, other)
      #expect(distance == Likeness.distance(other, one))
      #expect(distance <= max(one.count, other.count))
      #expect((distance == 0) == (one == other))
    }
  }
}
