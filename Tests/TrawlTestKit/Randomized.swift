internal import Foundation
public import Testing

/// Where a random test gets its chance from.
public enum RandomContext {
    @TaskLocal public static var seed: UInt64 = 0

    public static func generator() -> SplitMix64 { SplitMix64(seed: seed) }
}

/// Runs a test a few times, each time with another seed, and adds the line that repeats the run to
/// every issue.
///
/// `TRAWL_SEED` (hexadecimal) runs one round with that seed; `TRAWL_ROUNDS` multiplies the rounds
/// for a long run.
public struct Randomized: TestTrait, SuiteTrait, TestScoping {
    public let isRecursive = true
    let rounds: Int

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await body() }
        let environment = ProcessInfo.processInfo.environment
        let fixed = environment["TRAWL_SEED"].flatMap { UInt64($0, radix: 16) }
        let factor = environment["TRAWL_ROUNDS"].flatMap { Int($0) } ?? 1
        for _ in 0..<(fixed == nil ? rounds * factor : 1) {
            let seed = fixed ?? .random(in: .min ... .max)
            let line =
                "reproduce with: TRAWL_SEED=\(String(seed, radix: 16)) "
                + "swift test --filter \(test.name.prefix { $0 != "(" })"
            // `#expect` records an issue and goes on, so the line is added to every issue rather
            // than to a thrown error.
            let stamp = IssueHandlingTrait.compactMapIssues { issue in
                var stamped = issue
                stamped.comments.append(Comment(rawValue: line))
                return stamped
            }
            try await stamp.provideScope(for: test, testCase: testCase) {
                try await RandomContext.$seed.withValue(seed) { try await body() }
            }
        }
    }
}

extension Trait where Self == Randomized {
    public static func randomized(rounds: Int = 8) -> Self { Randomized(rounds: rounds) }
}
