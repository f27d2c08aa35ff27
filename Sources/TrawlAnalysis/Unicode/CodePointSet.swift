internal import CICU

/// A set of code points with a fast test; immutable once made.
struct CodePointSet: Sendable {
    private let pageOf: [UInt16]
    private let pages: [Bool]
    /// The test for single bytes below 0x80.
    let ascii: [Bool]

    /// Ranges may overlap and come in any order.
    init(ranges: [ClosedRange<UInt32>]) {
        var pageOf = [UInt16](repeating: 0, count: 0x110000 >> 8)
        // Pages 0 and 1 are the empty and the full one.
        var pages = [Bool](repeating: false, count: 256) + [Bool](repeating: true, count: 256)
        for range in Self.merged(ranges) {
            let first = Int(range.lowerBound >> 8)
            let last = Int(range.upperBound >> 8)
            for number in first...last {
                let low = number == first ? Int(range.lowerBound & 0xFF) : 0
                let high = number == last ? Int(range.upperBound & 0xFF) : 255
                if low == 0, high == 255 {
                    pageOf[number] = 1
                    continue
                }
                if pageOf[number] == 0 {
                    pageOf[number] = UInt16(pages.count >> 8)
                    pages.append(contentsOf: repeatElement(false, count: 256))
                }
                let base = Int(pageOf[number]) << 8
                for offset in low...high { pages[base + offset] = true }
            }
        }
        self.pageOf = pageOf
        self.pages = pages
        ascii = (0..<128).map { pages[Int(pageOf[0]) << 8 | $0] }
    }

    static func merged(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var result: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = result.last, range.lowerBound <= last.upperBound &+ 1 {
                result[result.count - 1] =
                    last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                result.append(range)
            }
        }
        return result
    }

    static func complement(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var result: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in merged(ranges) {
            if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= 0x10FFFF { result.append(next...0x10FFFF) }
        return result
    }

    /// The code points of an ICU property, by its name; nil for unknown names.
    static func ranges(ofProperty name: String) -> [ClosedRange<UInt32>]? {
        var pairs = [Int32](repeating: 0, count: 4096)
        let capacity = Int32(pairs.count / 2)
        let count = unsafe pairs.withUnsafeMutableBufferPointer {
            unsafe cicu_property_ranges(name, $0.baseAddress, capacity)
        }
        guard count >= 0 else { return nil }
        return (0..<Int(min(count, capacity))).map {
            UInt32(pairs[2 * $0])...UInt32(pairs[2 * $0 + 1])
        }
    }

    /// A set in the notation of ICU's UnicodeSet, such as `[^åäöÅÄÖ]`; nil when it is malformed.
    init?(pattern: String) {
        let units = Array(pattern.utf16)
        var pairs = [Int32](repeating: 0, count: 2 * 4096)
        var count: Int32 = 0
        for _ in 0..<2 {
            let capacity = Int32(pairs.count / 2)
            count = unsafe units.withUnsafeBufferPointer { units in
                unsafe pairs.withUnsafeMutableBufferPointer {
                    unsafe cicu_set_ranges(
                        units.baseAddress, Int32(units.count), $0.baseAddress, capacity)
                }
            }
            if count <= capacity { break }
            pairs = [Int32](repeating: 0, count: 2 * Int(count))
        }
        guard count >= 0 else { return nil }
        self.init(
            ranges: (0..<Int(count)).map {
                UInt32(pairs[2 * $0])...UInt32(pairs[2 * $0 + 1])
            })
    }

    /// A property that is known to exist.
    static func property(_ name: String) -> CodePointSet {
        CodePointSet(ranges: ranges(ofProperty: name)!)
    }

    static let letters = property("L")
    /// Letters and decimal digits: the runs that simple word analyzers keep.
    static let lettersAndDigits = CodePointSet(
        ranges: ranges(ofProperty: "L")! + ranges(ofProperty: "Nd")!)
    static let alphabetic = property("Alphabetic")
    /// White space as Java's `Character.isWhitespace` has it: no-break spaces do not count.
    static let javaWhitespace: [ClosedRange<UInt32>] = [
        0x09...0x0D, 0x1C...0x20, 0x1680...0x1680, 0x2000...0x2006, 0x2008...0x200A,
        0x2028...0x2029, 0x205F...0x205F, 0x3000...0x3000,
    ]
    static let whitespace = CodePointSet(ranges: javaWhitespace)
    static let notWhitespace = CodePointSet(ranges: complement(javaWhitespace))

    @inline(__always)
    func contains(_ scalar: UInt32) -> Bool {
        pages[Int(pageOf[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)]
    }
}
