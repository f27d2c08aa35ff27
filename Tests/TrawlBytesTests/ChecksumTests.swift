import CKernels
import Testing
import TrawlBytes
import TrawlTestKit

@Suite("Checksum")
struct ChecksumTests {
    @Test("the published check value comes out")
    func checkValue() {
        #expect(Checksum.of("123456789".utf8) == 0xe306_9283)
        #expect(Checksum.of([UInt8]()) == 0)
        #expect(Checksum.of([UInt8](repeating: 0, count: 32)) == 0x8a91_36aa)
    }

    @Test("instruction, table and pieces agree with the bitwise definition")
    func agree() {
        var random = SplitMix64(seed: 1)
        for count in Array(0...70) + [1000, 4097] {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            var expected: UInt32 = .max
            for byte in bytes {
                expected ^= UInt32(byte)
                for _ in 0..<8 {
                    expected = (expected >> 1) ^ (expected & 1 == 1 ? 0x82f6_3b78 : 0)
                }
            }
            expected = ~expected
            #expect(Checksum.of(bytes) == expected)
            #expect(
                unsafe bytes.withUnsafeBytes {
                    unsafe trawl_crc32c_table(0, $0.baseAddress, $0.count)
                } == expected)
            let cut = count / 3
            var inPieces = Checksum()
            unsafe bytes[..<cut].withUnsafeBytes { unsafe inPieces.update($0) }
            unsafe bytes[cut...].withUnsafeBytes { unsafe inPieces.update($0) }
            #expect(inPieces.value == expected)
        }
    }
}
