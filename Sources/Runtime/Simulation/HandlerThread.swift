// A second thread of the handler's, for replies that come from one. It moves only while the loop's
// thread waits for its answer, so that a schedule stays a matter of its seed: what is tried is the
// way that such replies take, not the races on it.

internal import CPortico
internal import Kernel

struct HandlerThread: Sendable {
  @safe private struct Question {
    var code: UInt = 0
    // SAFETY: the asker's, which waits for the answer.
    var bytes: UnsafeRawPointer?
    var count = 0
    var answer: Int64 = 0
  }

  private let question = Immortal(Question())
  private let asked: Immortal<Bell>
  private let answered: Immortal<Bell>

  init() throws(SystemError) {
    asked = Immortal(try Bell())
    answered = Immortal(try Bell())
    let me = self
    try BackgroundThread.start { me.answer() }
  }

  /// Never returns; the thread ends with the process.
  private func answer() {
    while true {
      asked.value.sleep()
      // SAFETY: the address of a closure, which lives as long as the process.
      let reply = unsafe unsafeBitCast(question.value.code, to: portico_reply.self)
      question.value.answer = unsafe reply(question.value.bytes, question.value.count)
      answered.value.ring()
    }
  }

  /// What a reply answers on that thread.
  func call(_ code: UInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int64 {
    question.value = unsafe Question(code: code, bytes: bytes, count: count)
    asked.value.ring()
    answered.value.sleep()
    return question.value.answer
  }
}
