internal import Foundation
internal import TrawlJSON

@testable internal import TrawlEval

/// Where the trusted answers and the collections lie, if they are on this machine.
enum EvalData {
    /// The `shared` folder beside the project, or the one that TRAWL_SHARED names.
    static let shared: String? = {
        let manager = FileManager.default
        if let given = ProcessInfo.processInfo.environment["TRAWL_SHARED"] {
            return manager.fileExists(atPath: given) ? given : nil
        }
        var folder = URL(fileURLWithPath: #filePath)
        while folder.path.count > 1 {
            folder.deleteLastPathComponent()
            let candidate = folder.appendingPathComponent("shared")
            let marker = candidate.appendingPathComponent("conformance/eval").path
            if manager.fileExists(atPath: marker) { return candidate.path }
        }
        return nil
    }()

    /// The collections of the project itself.
    static let corpora: String = {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        return folder.appendingPathComponent("corpora").path
    }()

    static func bytes(_ path: String) -> [UInt8]? {
        FileManager.default.contents(atPath: path).map { [UInt8]($0) }
    }

    static func shared(_ path: String) throws -> [UInt8] {
        guard let folder = shared, let found = bytes(folder + "/" + path) else {
            throw EvalError(.missing("is not there"), file: path)
        }
        return found
    }

    static func json(_ path: String) throws -> JSONValue {
        try JSONValue.parse(try shared(path))
    }
}
