import Foundation
import TrawlTestKit

/// Lines of a file of the conformance data that lies beside the repository.
enum SharedText {
    /// Nil, with a line that says so, when the data is missing.
    static func lines(_ path: String) -> [String]? {
        guard let folder = SharedData.directory,
            let data = FileManager.default.contents(atPath: "\(folder)/\(path)")
        else {
            print("skipped: shared/\(path) is not here (set TRAWL_SHARED to its folder)")
            return nil
        }
        return String(decoding: data, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: true
        ).map(String.init)
    }
}
