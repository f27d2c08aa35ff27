import Testing
import TrawlBytes
import TrawlSegment
import TrawlTestKit

@Suite("PackedNumbers")
struct PackedNumbersTests {
    static let lists: [[Int64]] = {
        var random = SplitMix64(seed: 11)
        var lists: [[Int64]] = [
            [], [7], [10, 14, 30], [.min, .max, 0, -1], Array(repeating: -5, count: 1000),
        ]
        for bits in 1...64 {
            let mask = bits == 64 ? UInt64.max : (1 << UInt64(bits)) - 1
            let base = Int64(bitPattern: random.next())
            lists.append(
                (0..<Int.random(in: 1...700, using: &random)).map { _ in
                    base &+ Int64(bitPattern: random.next() & mask)
                })
        }
        lists.append((0..<600).map { Int64($0) * 86_400_000 - 77 })
        return lists
    }()

    @Test("every number comes back, with the bounds of its block", arguments: lists.indices)
    func roundTrip(_ list: Int) throws {
        let numbers = Self.lists[list]
        let (place, memory, _) = try MemoryFile.write(.cols) {
            try PackedNumbersWriter.write(numbers, into: $0)
        }
        let reader = try PackedNumbersReader(place, in: memory.file)
        #expect(reader.count == numbers.count)
        #expect((0..<reader.count).map { reader.value(at: $0) } == numbers)
        #expect(reader.least == numbers.min() ?? 0)
        #expect(reader.greatest == numbers.max() ?? 0)
        try reader.check()
        #expect(memory.file.damage == nil)
        // The same by ranges, from and to anywhere.
        var random = SplitMix64(seed: UInt64(list))
        for _ in 0..<20 where !numbers.isEmpty {
            let start = Int.random(in: 0..<numbers.count, using: &random)
            let range = start..<Int.random(in: start...numbers.count, using: &random)
            let decoded = unsafe [Int64](unsafeUninitializedCapacity: numbers.count) {
                room, count in
                unsafe reader.decode(range, into: room.baseAddress!)
                count = range.count
            }
            #expect(decoded == Array(numbers[range]))
        }
    }

    @Test("numbers of one unit take the bits of their multiples")
    func unit() throws {
        let days = (0..<256).map { Int64($0 % 8) * 86_400_000 }
        #expect(PackedNumbersWriter.unit(of: days) == 86_400_000)
        let (place, _, bytes) = try MemoryFile.write(.cols) {
            try PackedNumbersWriter.write(days, into: $0)
        }
        #expect(place.table - place.data == 256 * 3 / 8)
        #expect(bytes.count == 24 + 96 + 24 + 16)
    }

    @Test("firstIndex is where a scan would stop")
    func firstIndex() throws {
        var random = SplitMix64(seed: 5)
        let numbers = (0..<1500).map { _ in Int64.random(in: -300...300, using: &random) }.sorted()
        let (place, memory, _) = try MemoryFile.write(.cols) {
            try PackedNumbersWriter.write(numbers, into: $0)
        }
        let reader = try PackedNumbersReader(place, in: memory.file)
        for bound in Int64(-305)...305 {
            let expected = numbers.firstIndex { $0 >= bound } ?? numbers.count
            #expect(reader.firstIndex(notBelow: bound) == expected)
        }
    }

    @Test("a place past the end of the file is refused")
    func refused() throws {
        var (place, memory, _) = try MemoryFile.write(.cols) {
            try PackedNumbersWriter.write([1, 2, 3], into: $0)
        }
        place.table += 64
        #expect(throws: CorruptionError.self) {
            try PackedNumbersReader(place, in: memory.file)
        }
    }

    @Test("a damaged table costs answers and is remembered, never the process")
    func damage() throws {
        let numbers = (0..<300).map { Int64($0) * 3 % 97 }
        let (place, _, bytes) = try MemoryFile.write(.cols) {
            try PackedNumbersWriter.write(numbers, into: $0)
        }
        var flipped = bytes
        flipped[place.table + 21] ^= 0x80
        let memory = MemoryFile(flipped)
        let reader = try PackedNumbersReader(place, in: memory.file)
        _ = (0..<300).map { reader.value(at: $0) }
        #expect(memory.file.damage != nil)
        #expect(throws: CorruptionError.self) { try reader.check() }
    }
}

@Suite("DocSet")
struct DocSetTests {
    @Test(
        "membership, rank and the next document are those of a plain set",
        arguments: [0, 1, 2, 30, 64, 500, 999, 1000])
    func likeASet(_ count: Int) throws {
        var random = SplitMix64(seed: UInt64(count))
        let docs = (0..<UInt32(1000)).shuffled(using: &random).prefix(count).sorted()
        let (place, memory, _) = try MemoryFile.write(.norm) {
            try DocSetPlace.write(docs, docCount: 1000, into: $0)
        }
        let reader = try DocSetReader(place, docCount: 1000, in: memory.file)
        let ranks = Dictionary(
            uniqueKeysWithValues: docs.enumerated().map { (Int($1), $0) })
        for doc in 0..<1000 {
            #expect(reader.contains(doc) == (ranks[doc] != nil))
            #expect(reader.rank(of: doc) == ranks[doc])
            #expect(reader.next(from: doc) == docs.first { $0 >= doc }.map { Int($0) })
        }
        #expect(reader.bits.count == count)
        try reader.check()
    }
}
