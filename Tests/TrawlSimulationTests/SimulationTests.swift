import Testing
import TrawlSimulation

@Suite("Simulation")
struct SimulationTests {
    private func run(_ seed: UInt64, nodes: Int = 5, faults: Faults = .all) -> Simulation.Report {
        var simulation = Simulation(
            .init(seed: seed, nodeCount: nodes, copyCount: min(3, nodes), faults: faults))
        return simulation.run()
    }

    @Test("a cluster without faults acknowledges, and all copies agree")
    func quiet() {
        let report = run(1, faults: [])
        #expect(report.violations.isEmpty, "\(report.violations)")
        #expect(report.acknowledged > 200)
        #expect(report.crashes == 0)
    }

    @Test("the same seed gives the same course of events")
    func repeatable() {
        #expect(run(7) == run(7))
        #expect(run(7) != run(8))
    }

    @Test(
        "five hundred seeds of all faults: nothing acknowledged is lost, copies agree, all come back",
        arguments: 0..<10 as Range<UInt64>)
    func allFaults(block: UInt64) {
        var elections = 0
        var truncations = 0
        var bootstraps = 0
        for seed in block * 50..<(block + 1) * 50 {
            let report = run(seed, nodes: 3 + Int(seed % 4))
            #expect(
                report.violations.isEmpty,
                "trawl sim --seed \(seed) --nodes \(3 + Int(seed % 4)): \(report.violations)")
            elections += report.elections
            truncations += report.truncations
            bootstraps += report.bootstraps
        }
        // The faults do happen: a simulation in which nothing goes wrong proves nothing.
        #expect(elections > 100)
        #expect(truncations > 0)
        #expect(bootstraps > 0)
    }
}
