// Which client has which record of its input (`--record-input`). A record comes from the pool of
// buffers with its client's first call of `handle`, and goes back when the client's handler has
// heard of its end. Without the option none of this is called.

internal import CKernel
internal import Control
internal import Kernel

/// The records of all clients.
struct InputRecords: ~Copyable {
  /// Records may take that much of the worker's memory for clients; what is left is for those who
  /// are being served.
  static let share = 2

  /// Of one record; a power of two, or 0 for none at all.
  let byteCount: Int
  private let rows: FlatTable<Row>
  /// Some client has none for want of memory, and that has been said.
  var hasToldOfShortage = false

  private struct Row: BitwiseCopyable {
    var buffer: PooledBuffer
    /// The client has sent something that was not recorded.
    var isLate: Bool
  }

  init(byteCount: Int, rows: Int) throws(SystemError) {
    self.byteCount = byteCount
    self.rows = try FlatTable(capacity: byteCount == 0 ? 0 : rows)
  }

  /// `.none` when the client has no record.
  subscript(_ row: Int) -> PooledBuffer {
    get { rows[row].buffer }
    nonmutating set { rows[row].buffer = newValue }
  }

  func isLate(_ row: Int) -> Bool { rows[row].isLate }
  func setLate(_ row: Int, _ isLate: Bool) { rows[row].isLate = isLate }
}

extension Core {
  /// Says in the page where the client's record is, if it has one.
  mutating func nameRecord(_ row: Int) {
    let buffer = row == connections.datagramRow ? .none : records[row]
    page.value.record_offset =
      buffer == .none ? 0 : unsafe buffers.offset(of: buffers.address(of: buffer))
    page.value.record_length = UInt64(buffer.byteCount)
  }

  /// `handle` is about to be given these bytes. A datagram is all that there is of its client.
  mutating func recordInput(_ row: Int, _ bytes: UnsafeMutableRawPointer, _ count: Int) {
    if row != connections.datagramRow {
      if records[row] == .none { beginRecord(row) }
      unsafe record(row)?.add(bytes, count: count)
    }
    nameRecord(row)
  }

  /// `handle` has returned.
  mutating func recordSeen(_ row: Int, consumed: Int, of count: Int) {
    guard row != connections.datagramRow else { return }
    record(row)?.setSeen((0...count).contains(consumed) ? count - consumed : 0)
  }

  /// The client's record goes back to the pool.
  mutating func dropRecord(_ row: Int) {
    buffers.give(records[row])
    records[row] = .none
    records.setLate(row, false)
  }

  private func record(_ row: Int) -> InputRecord? {
    let buffer = records[row]
    guard buffer != .none else { return nil }
    // SAFETY: the buffer is the client's until `dropRecord`.
    return unsafe InputRecord(buffers.address(of: buffer), byteCount: buffer.byteCount)
  }

  private mutating func beginRecord(_ row: Int) {
    let share = limits.memory.byteCount / InputRecords.share
    let isAffordable = heldByteCount + records.byteCount <= share
    let buffer = isAffordable ? buffers.take(records.byteCount) : .none
    guard buffer != .none else {
      records.setLate(row, true)
      if !records.hasToldOfShortage {
        records.hasToldOfShortage = true
        log.write(
          .warning,
          "clients hold half of what --memory-limit allows: further ones go without a record of "
            + "their input (--record-input)")
      }
      return
    }
    records[row] = buffer
    record(row)?.begin(connection: connections[row].id, isLate: records.isLate(row))
  }
}
