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

    /// A run of so many code points without a boundary is no text of any language. It is cut here,
    /// because the marks of one run have to be sorted, which takes ICU time quadratic in its length.
    static let longestRun = 512

    /// Nil when nothing changes.
    package func changed(_ bytes: Span<UInt8>) -> [UInt8]? {
        var at = 0
        while at < bytes.count {
            let scalar = bytes.scalar(at: at)
            if !inert.contains(scalar.value) { break }
            at += scalar.byteCount
        }
        if at == bytes.count { return nil }
        if bytes.count <= Self.longestRun { return changedPart(bytes) }
        var result: [UInt8] = []
        var hasChanged = false
        var start = 0
        while start < bytes.count {
            let part = bytes.extracting(start..<endOfPart(bytes, start))
            if let changed = changedPart(part) {
                result += changed
                hasChanged = true
            } else {
                for index in part.indices { result.append(part[index]) }
            }
            start += part.count
        }
        return hasChanged ? result : nil
    }

    /// Past `longestRun` code points from `start`, the next boundary, if there is one soon.
    private func endOfPart(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        var at = start
        var count = 0
        while at < bytes.count {
            let scalar = bytes.scalar(at: at)
            if count >= Self.longestRun, hasBoundary(before: scalar.value) { break }
            if count >= 2 * Self.longestRun { break }
            at += scalar.byteCount
            count += 1
        }
        return at
    }

    private func changedPart(_ bytes: Span<UInt8>) -> [UInt8]? {
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
