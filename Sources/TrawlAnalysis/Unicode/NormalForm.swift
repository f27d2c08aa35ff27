internal import CICU
internal import Synchronization

/// Unicode normalisation by ICU, with a table of the characters that never change.
package final class NormalForm: Sendable {
    package enum Name: Int32, Sendable { case nfc, nfd, nfkc, nfkd, nfkcCasefold }

    package let name: Name
    /// Neither change nor touch their neighbours; copied without asking ICU.
    let inert: CodePointSet

    private init(_ name: Name) {
        self.name = name
        var ranges: [ClosedRange<UInt32>] = []
        for range in [UInt32(0)...0x3FFFF, 0xE0000...0xE0FFF] {
            var start: UInt32?
            for scalar in range {
                if cicu_is_inert(name.rawValue, Int32(scalar)) != 0 {
                    if start == nil { start = scalar }
                } else if let first = start {
                    ranges.append(first...scalar - 1)
                    start = nil
                }
            }
            if let start { ranges.append(start...range.upperBound) }
        }
        inert = CodePointSet(ranges: ranges)
    }

    package static let nfc = NormalForm(.nfc)
    package static let nfd = NormalForm(.nfd)
    package static let nfkc = NormalForm(.nfkc)
    package static let nfkd = NormalForm(.nfkd)
    package static let nfkcCasefold = NormalForm(.nfkcCasefold)

    /// Nil when nothing changes.
    package func changed(_ bytes: Span<UInt8>) -> [UInt8]? {
        var at = 0
        while at < bytes.count {
            let scalar = bytes.scalar(at: at)
            if !inert.contains(scalar.value) { break }
            at += scalar.byteCount
        }
        if at == bytes.count { return nil }
        let units = UTF16Text(bytes).units
        let result = normalized(units)
        return result == units ? nil : UTF16Text.utf8(result[...])
    }

    package func normalized(_ bytes: [UInt8]) -> [UInt8] { changed(bytes.span) ?? bytes }

    func normalized(_ units: [UInt16]) -> [UInt16] {
        unsafe UTF16Text.filled(startingWith: units.count * 2 + 16) { target, capacity in
            unsafe units.withUnsafeBufferPointer {
                unsafe cicu_normalize(
                    name.rawValue, $0.baseAddress, Int32($0.count), target, capacity)
            }
        } ?? units
    }

    func hasBoundary(before scalar: UInt32) -> Bool {
        cicu_boundary_before(name.rawValue, Int32(scalar)) != 0
    }
}
