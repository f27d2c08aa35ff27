import Testing
import TrawlBytes
import TrawlSegment
import TrawlTestKit

@Suite("Columns")
struct ColumnsTests {
    @Test("numbers come back sorted within their document", arguments: [1, 3])
    func numbers(_ perDoc: Int) throws {
        var random = SplitMix64(seed: 3)
        var buffer = NumberColumnBuffer()
        var expected: [Int: [Int64]] = [:]
        for doc in 0..<2000 where Int.random(in: 0..<3, using: &random) > 0 {
            let numbers = (0..<Int.random(in: 1...perDoc, using: &random)).map { _ in
                Int64.random(in: -1000...1000, using: &random)
            }
            for number in numbers { buffer.append(doc: UInt32(doc), number) }
            expected[doc] = numbers.sorted()
        }
        buffer.arrange(distinct: false)
        let points = buffer.sortedPoints()
        let (place, memory, _) = try MemoryFile.write(.cols) {
            (
                try buffer.write(docCount: 2000, into: $0),
                try PointsPlace.write(numbers: points.numbers, docs: points.docs, into: $0)
            )
        }
        let column = try NumberColumn(place.0, docCount: 2000, in: memory.file)
        for doc in 0..<2000 {
            #expect(column.values(of: doc) == expected[doc] ?? [])
            #expect(column.first(of: doc) == expected[doc]?.first)
            #expect(column.last(of: doc) == expected[doc]?.last)
        }
        try column.check()
        let reader = try PointsReader(place.1, docCount: 2000, in: memory.file)
        try reader.check()
        for (lower, upper) in [(-5, 5), (-1000, 1000), (3, 2), (0, 0), (999, 5000)] {
            let range = Int64(lower)...Int64(max(lower, upper))
            let docs = expected.filter { _, all in
                lower <= upper && all.contains { range.contains($0) }
            }
            let found = reader.docs(from: Int64(lower), through: Int64(upper))
            #expect(found.count == docs.count)
            #expect(docs.keys.allSatisfy { found.contains($0) })
        }
    }

    @Test("byte strings come back in order, each once a document, and are found by value")
    func bytes() throws {
        var random = SplitMix64(seed: 8)
        let words = (0..<700).map { "word-\($0 * 7919 % 1000)" + ($0 % 5 == 0 ? "/é" : "") } + [""]
        var buffer = BytesColumnBuffer()
        var expected: [Int: [String]] = [:]
        for doc in 0..<1500 where doc % 4 != 1 {
            let some = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                words.randomElement(using: &random)!
            }
            for var word in some {
                word.withUTF8 { unsafe buffer.append(doc: UInt32(doc), $0) }
            }
            expected[doc] = Set(some).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        }
        let (place, memory, _) = try MemoryFile.write(.cols) {
            try buffer.write(docCount: 1500, into: $0)
        }
        let column = try BytesColumn(place, docCount: 1500, in: memory.file)
        try column.check()
        for doc in 0..<1500 {
            let found = column.values(of: doc).map { String(decoding: $0, as: UTF8.self) }
            #expect(found == expected[doc] ?? [])
        }
        let distinct = Set(expected.values.joined())
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(column.dictionary.count == distinct.count)
        for (ordinal, word) in distinct.enumerated() {
            #expect(column.dictionary.ordinal(of: Array(word.utf8)) == ordinal)
            #expect(column.bytes(at: ordinal) == Array(word.utf8))
        }
        for probe in ["a", "word-5", "word-50/", "zzz", "word-999~"] {
            let utf8 = Array(probe.utf8)
            let expected =
                distinct.firstIndex { !$0.utf8.lexicographicallyPrecedes(utf8) } ?? distinct.count
            #expect(column.dictionary.firstOrdinal(notBelow: utf8) == expected)
        }
    }
}

@Suite("Norms")
struct NormsTests {
    @Test("norms are Lucene's bytes")
    func encoding() {
        // SmallFloat.intToByte4 and byte4ToInt of Lucene 9.
        for length in 0...39 { #expect(NormEncoding.encode(Int32(length)) == length) }
        #expect(NormEncoding.encode(40) == 40)
        #expect(NormEncoding.encode(41) == 40)
        #expect(NormEncoding.decode(40) == 40)
        #expect(NormEncoding.decode(41) == 42)
        #expect(NormEncoding.encode(.max) == 255)
        #expect(NormEncoding.decode(255) == 2_013_265_944)
        for byte in UInt8.min...UInt8.max {
            #expect(NormEncoding.encode(NormEncoding.decode(byte)) == byte)
        }
    }

    @Test("lengths and norms by document, dense, sparse and without", arguments: [1, 3, 60])
    func roundTrip(_ step: Int) throws {
        var norms = NormsBuffer(hasNorms: true)
        var bare = NormsBuffer(hasNorms: false)
        for doc in stride(from: 0, to: 1000, by: step) {
            let length = Int32(doc % 300)
            norms.append(doc: UInt32(doc), length: length, norm: NormEncoding.encode(length))
            bare.append(doc: UInt32(doc), length: length, norm: 0)
        }
        let (place, memory, _) = try MemoryFile.write(.norm) {
            (
                try norms.write(docCount: 1000, into: $0),
                try bare.write(docCount: 1000, into: $0)
            )
        }
        let reader = try NormsReader(place.0, docCount: 1000, in: memory.file)
        let plain = try NormsReader(place.1, docCount: 1000, in: memory.file)
        for doc in 0..<1000 {
            let length = doc % step == 0 ? doc % 300 : 0
            #expect(reader.length(of: doc) == length)
            #expect(reader.norm(of: doc) == NormEncoding.encode(Int32(length)))
            #expect(plain.length(of: doc) == length)
            #expect(plain.norm(of: doc) == 1)
        }
        #expect(unsafe (reader.denseNorms != nil) == (step < 4))
        try reader.check()
        try plain.check()
    }
}
