import Foundation
import Testing

@testable import trawl

/// The gate of every change: our collections against their baselines.
///
/// A change that moves a number on purpose moves the baseline with it:
/// `trawl eval NAME --save --note "why"`.
@Suite("Relevance of the shipped analyzers")
struct RelevanceRegressionTests {
    static let corpora: String = {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        return folder.appendingPathComponent("corpora").path
    }()

    @Test(
        "a collection loses no more than its budget allows",
        arguments: ["english", "chinese", "multilingual", "products"])
    func gate(name: String) throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("trawl-gate-\(UUID().uuidString)").path
        let descriptor = unsafe open(path, O_CREAT | O_RDWR, 0o600)
        var output = Output(descriptor: descriptor)
        let status = Trawl.run(["eval", "\(Self.corpora)/\(name)", "--gate"], output: &output)
        output.flush()
        close(descriptor)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(status == .success, "\(text)")
        #expect(text.contains("✓ \(name)"))
        // A baseline of other documents, topics or judgements guards nothing.
        #expect(!text.contains("changed since"), "\(text)")
    }
}
