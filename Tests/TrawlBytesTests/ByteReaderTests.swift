import Testing
import TrawlBytes
import TrawlTestKit

@Suite("ByteReader")
struct ByteReaderTests {
    @Test("it reads what ByteWriter wrote")
    func roundTrip() throws {
        var random = SplitMix64(seed: 2)
        let numbers: [UInt64] =
            [0, 1, 127, 128, 16_383, 16_384, .max] + (0..<50).map { _ in random.next() }
        var writer = ByteWriter()
        for number in numbers {
            writer.write(number)
            writer.writeVarint(number)
            writer.writeZigzag(Int64(bitPattern: number))
            writer.write(UInt16(truncatingIfNeeded: number))
        }
        writer.write("net, 網, réseau")
        writer.write(nil as String?)
        writer.write("x" as String?)
        writer.write(-0.5)
        writer.write(true)
        writer.pad(to: 8)
        var reader = ByteReader(writer.bytes, file: "test")
        for number in numbers {
            #expect(try reader.read(UInt64.self) == number)
            #expect(try reader.readVarint() == number)
            #expect(try reader.readZigzag() == Int64(bitPattern: number))
            #expect(try reader.read(UInt16.self) == UInt16(truncatingIfNeeded: number))
        }
        #expect(try reader.readString() == "net, 網, réseau")
        #expect(try reader.readOptionalString() == nil)
        #expect(try reader.readOptionalString() == "x")
        #expect(try reader.readDouble() == -0.5)
        #expect(try reader.readBool())
        try reader.skipPadding(to: 8)
        #expect(reader.isAtEnd)
    }

    @Test("the bytes of a varint are those of the drawing")
    func varint() {
        var bytes: [UInt8] = []
        Varint.append(300, to: &bytes)
        #expect(bytes == [0xac, 0x02])
        for value: UInt64 in [0, 127, 128, 1 << 35, .max] {
            bytes = []
            Varint.append(value, to: &bytes)
            #expect(bytes.count == Varint.byteCount(of: value))
        }
    }

    @Test("damage is an error with its place, never a crash")
    func damaged() {
        var short = ByteReader([1, 2, 3], file: "f")
        #expect(
            throws: CorruptionError(file: "f", byteOffset: 0, reason: "4 bytes expected, 3 left")
        ) {
            try short.read(UInt32.self)
        }
        var endless = ByteReader([UInt8](repeating: 0x80, count: 12), file: "f")
        #expect(throws: CorruptionError.self) { try endless.readVarint() }
        var text = ByteReader([2, 0xc3, 0x28], file: "f")
        #expect(throws: CorruptionError.self) { try text.readString() }
        var flag = ByteReader([2], file: "f")
        #expect(throws: CorruptionError.self) { try flag.readBool() }
        var huge = ByteReader(
            [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], file: "f")
        #expect(throws: CorruptionError.self) { try huge.readCount() }
        var padding = ByteReader([7, 1, 0], file: "f")
        #expect(throws: CorruptionError.self) {
            _ = try padding.read(UInt8.self)
            try padding.skipPadding(to: 4)
        }
    }
}
