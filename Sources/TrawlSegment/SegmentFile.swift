internal import Synchronization
package import TrawlBytes
package import TrawlFiles

/// The bytes of one file of a segment, as it lies in memory.
///
/// Large files are not verified when they are opened, so their bytes may be anything. A load
/// past the end gives zero and is remembered: whoever used the answer asks `damage` before
/// passing it on. So damage costs an answer, never the process.
@safe
package final class SegmentFile: @unchecked Sendable {
    // Immutable but for one atomic; `mapping` keeps what `bytes` points to.
    package let name: String
    /// The whole file, its envelope included. Valid while this object lives.
    package let bytes: UnsafeRawBufferPointer
    private let mapping: MappedFile
    private let firstDamage = Atomic<Int>(-1)

    package init(name: String, mapping: MappedFile) {
        self.name = name
        unsafe bytes = mapping.bytes
        self.mapping = mapping
    }

    package var byteCount: Int { unsafe bytes.count }

    /// Set once a load went past the end.
    package var damage: CorruptionError? {
        let place = firstDamage.load(ordering: .relaxed)
        guard place >= 0 else { return nil }
        return CorruptionError(
            file: name, byteOffset: place,
            reason: "a place in the file points past its end (byte \(byteCount))")
    }

    @inline(never)
    package func noteDamage(at byteOffset: Int) {
        let place = Swift.max(0, byteOffset)
        _ = firstDamage.compareExchange(expected: -1, desired: place, ordering: .relaxed)
    }

    @inlinable
    package func load<T: FixedWidthInteger>(at byteOffset: Int, as type: T.Type = T.self) -> T {
        guard byteOffset >= 0, unsafe byteOffset &+ MemoryLayout<T>.size <= bytes.count else {
            noteDamage(at: byteOffset)
            return 0
        }
        // In bounds by the guard.
        return T(
            littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: byteOffset, as: T.self))
    }

    /// A part of the file, empty when it does not lie inside.
    package func slice(at byteOffset: Int, byteCount: Int) -> UnsafeRawBufferPointer {
        guard byteOffset >= 0, byteCount >= 0, byteOffset <= self.byteCount - byteCount else {
            noteDamage(at: byteOffset)
            return unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return unsafe UnsafeRawBufferPointer(
            rebasing: bytes[byteOffset..<byteOffset + byteCount])
    }

    package func array(at byteOffset: Int, byteCount: Int) -> [UInt8] {
        unsafe Array(slice(at: byteOffset, byteCount: byteCount))
    }

    /// A varint and the place after it.
    package func varint(at byteOffset: Int) -> (value: Int, end: Int) {
        var value: UInt64 = 0
        var place = byteOffset
        for shift in stride(from: 0, to: 63, by: 7) {
            let byte: UInt8 = load(at: place)
            place += 1
            value |= UInt64(byte & 0x7f) << UInt64(shift)
            if byte < 0x80 { return (Int(value), place) }
        }
        noteDamage(at: byteOffset)
        return (0, place)
    }
}
