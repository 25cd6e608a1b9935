// The escapes of a transcript for other files that are made of lines: crash files have them in the
// comments on top. Pure; what is written here is read again here, byte for byte.

extension Transcript {
  /// Bytes as the last thing in a line: nothing that could end it, and no blank at its end.
  public static func escapedLine(_ bytes: some RandomAccessCollection<UInt8>) -> String {
    Visible.text(bytes, endsLine: true)
  }

  /// The bytes that a text stands for. It is a part of `line`, for the place of a mistake.
  public static func bytes(
    of text: ArraySlice<UInt8>, in line: ArraySlice<UInt8>, number: Int
  ) throws(TranscriptError) -> [UInt8] {
    try TranscriptLine(number: number, bytes: line).text(text, wildcards: false).bytesAlone
  }
}
