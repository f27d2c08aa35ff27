import Testing
import TrawlBytes
import TrawlErrors

@Suite("Checksum")
struct ChecksumTests {
    @Test("the published check value comes out")
    func checkValue() {
        #expect(Checksum.of("123456789".utf8) == 0xe306_9283)
    }
}
