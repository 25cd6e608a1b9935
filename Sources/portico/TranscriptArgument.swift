// A transcript that somebody named on the command line. A mistake in it is told as compilers do:
// FILE:LINE:COLUMN, and what to write instead, which editors find by themselves.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Kernel
  internal import Supervisor
  internal import Transcript

  enum TranscriptArgument {
    /// Reads a file and understands it; `check` may find further mistakes. Ends the command with
    /// `status` when there is one.
    static func read(
      _ path: String, status: Int32 = 1,
      check: (Transcript) throws(TranscriptError) -> Void = { _ throws(TranscriptError) in }
    ) throws(ExitCode) -> Transcript {
      var text: [UInt8] = []
      do throws(SystemError) {
        // One more than a transcript may have, so that its parser sees that.
        text = try Files.contents(of: path, limit: Transcript.maximumByteCount + 1)
      } catch {
        let place = path.escapedForTerminal
        throw told("portico: the transcript \(place) cannot be read: \(error.reason)", status)
      }
      do throws(TranscriptError) {
        let transcript = try Transcript(parsing: text)
        try check(transcript)
        return transcript
      } catch {
        throw told("\(path.escapedForTerminal):\(error)", status)
      }
    }

    private static func told(_ sentence: String, _ status: Int32) -> ExitCode {
      try? Descriptor.standardError().writeAllWaiting(Array("\(sentence)\n".utf8))
      return ExitCode(status)
    }
  }

#endif
