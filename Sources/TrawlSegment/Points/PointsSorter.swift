/// Sorts numbers with their documents: by number, equal ones in the order they came in. A radix
/// sort over the eleven-bit digits in which the numbers differ.
package struct PointsSorter {
    private var numbers: [Int64] = []
    private var docs: [UInt32] = []

    package init() {}

    package mutating func append(_ number: Int64, doc: UInt32) {
        numbers.append(number)
        docs.append(doc)
    }

    package func sorted() -> (numbers: [Int64], docs: [UInt32]) {
        guard let least = numbers.min(), let greatest = numbers.max(), least < greatest else {
            return (numbers, docs)
        }
        let span = UInt64(bitPattern: greatest &- least)
        var keys = numbers.map { UInt64(bitPattern: $0 &- least) }
        var docs = docs
        var nextKeys = keys
        var nextDocs = docs
        var shift: UInt64 = 0
        while shift < 64, span >> shift != 0 {
            var starts = [Int](repeating: 0, count: 2049)
            for key in keys { starts[Int((key >> shift) & 2047) + 1] += 1 }
            for digit in 0..<2048 { starts[digit + 1] += starts[digit] }
            for (key, doc) in zip(keys, docs) {
                let digit = Int((key >> shift) & 2047)
                nextKeys[starts[digit]] = key
                nextDocs[starts[digit]] = doc
                starts[digit] += 1
            }
            swap(&keys, &nextKeys)
            swap(&docs, &nextDocs)
            shift += 11
        }
        return (keys.map { Int64(bitPattern: $0) &+ least }, docs)
    }
}
