import Foundation
import Testing
import TrawlTestKit

@Suite("Soak")
struct SoakTests {
    @Test(
        "a node killed for a minute, 50 times at most, loses nothing, does nothing twice, and equals a replay from zero"
    )
    func node() throws {
        let directory = try TemporaryDirectory()
        let python = try RealProgram.shell("command -v python3", in: directory.path)
        guard python.status == 0 else {
            print("skipped: there is no python3, which tools/soak is written in")
            return
        }
        let seed = UInt32.random(in: 0 ... .max)
        // What it printed names the seed: tools/soak node --seed N --rounds 50
        let result = try RealProgram.shell(
            "'\(RealProgram.repository)/tools/soak' node --rounds 50 --seconds 60 --seed \(seed)"
                + " --binary '\(RealProgram.path)'", in: directory.path)
        #expect(result.status == 0, "\(result.output)\(result.error)")
        #expect(result.output.contains("0 lost, 0 twice"), "\(result.output)\(result.error)")
    }
}
