import Foundation

/// Files of the folder of ground truth beside the repository.
enum SharedFiles {
    static func lines(_ path: String) -> [String]? {
        var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        var candidates = [URL(fileURLWithPath: "/nowhere")]
        if let root = ProcessInfo.processInfo.environment["TRAWL_SHARED"] {
            candidates = [URL(fileURLWithPath: root)]
        }
        while folder.path.count > 1 {
            candidates.append(folder.appendingPathComponent("shared"))
            folder = folder.deletingLastPathComponent()
        }
        for candidate in candidates {
            let file = candidate.appendingPathComponent(path)
            if let data = try? Data(contentsOf: file) {
                return String(decoding: data, as: UTF8.self)
                    .split(separator: "\n").map(String.init)
            }
        }
        print("skipped: no shared/\(path)")
        return nil
    }
}
