// The first bytes of a file that may be a plugin: is it a shared library for this machine? They are
// looked at before anything is copied. The format is that of the System V ABI (gABI, chapter 4). No
// input traps.

/// What every plugin begins with.
public enum ELFHeader {
  /// Its size in a 64-bit file.
  public static let byteCount = 64

  /// Why a file cannot be a plugin, as the second half of a sentence; nil when these bytes, its
  /// first, speak against nothing.
  public static func defect(_ file: RawSpan) -> String? {
    guard number(file, at: 0, byteCount: 4) == 0x464C_457F else {
      return
        "is not a shared library: an ELF file is needed, such as `cc -shared -fPIC` makes"
    }
    // 64 bits, little-endian.
    guard number(file, at: 4, byteCount: 2) == 0x0102 else {
      return "is not a 64-bit little-endian ELF file"
    }
    let machine = number(file, at: 18, byteCount: 2) ?? 0
    guard machine == Self.machine.number else {
      let name = machineNames[machine] ?? "machine number \(machine)"
      return "is built for \(name), and this host runs on \(Self.machine.name): build it for that"
    }
    guard number(file, at: 16, byteCount: 2) == 3 else { return notShared }
    return file.byteCount < byteCount ? "is a truncated ELF file" : nil
  }

  /// The same of bytes that have been read.
  public static func defect(_ bytes: [UInt8]) -> String? {
    // SAFETY: the span is used while the array is there.
    unsafe defect(bytes.span.bytes)
  }

  /// Of programs and object files.
  public static let notShared =
    "is not a shared library; link it with -shared (and compile with -fPIC)"

  private static let machine: (number: UInt32, name: String) = {
    #if arch(x86_64)
      (62, "x86-64")
    #else
      (183, "AArch64")
    #endif
  }()

  private static let machineNames: [UInt32: String] = [
    3: "x86 (32 bits)", 40: "ARM (32 bits)", 62: "x86-64", 183: "AArch64", 243: "RISC-V",
  ]

  /// Little-endian; nil outside the file.
  private static func number(_ file: RawSpan, at offset: Int, byteCount: Int) -> UInt32? {
    guard offset + byteCount <= file.byteCount else { return nil }
    var value: UInt32 = 0
    for place in 0..<byteCount {
      // SAFETY: inside the span, as just checked.
      let byte = unsafe file.unsafeLoad(fromByteOffset: offset + place, as: UInt8.self)
      value |= UInt32(byte) << UInt32(8 * place)
    }
    return value
  }
}
