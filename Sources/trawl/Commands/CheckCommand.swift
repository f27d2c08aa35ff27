internal import TrawlBytes
internal import TrawlErrors
internal import TrawlFiles
internal import TrawlIndex
internal import TrawlJSON
internal import TrawlSegment

/// `trawl check DIR`: reads every byte of the indices below a directory and says what is wrong.
enum CheckCommand {
    static let command = Command(
        name: "check", summary: "Read everything in a directory and report any damage.",
        operands: "DIR", operandCount: 1...1,
        details: """
            Finds the indices in DIR and below. Every file is read whole: envelopes and checksums,
            the order and bounds inside each file, and what the files say of each other;
            statistics are computed anew. Nothing is changed unless --drop-damaged is given. The
            node that owns the directory must not be running.
            """,
        options: [
            .flag(
                "drop-damaged", nil,
                "Take damaged segments out for good. Their documents are lost in this copy."),
            .json,
        ],
        examples: ["trawl check trawl-data", "trawl check trawl-data/indices/books --json"]
    ) { arguments, output in
        let root = try PosixFileStore(arguments.operands[0])
        var found: [(store: any FileStore, report: IndexChecker.Report)] = []
        try visit(root, depth: 0) { store in
            found.append((store, try IndexChecker(store).check()))
        }
        var dropped: [String: [SegmentID]] = [:]
        if arguments.has("drop-damaged") {
            for (store, report) in found where !report.isClean {
                dropped[store.path] = try IndexChecker(store).dropDamagedSegments(of: report)
            }
        }
        if arguments.has("json") {
            let items = found.map { describe($0.store, $0.report, dropped) }
            output.write(raw: JSONValue.array(items).serialized(pretty: true))
            output.line()
        } else {
            for (store, report) in found { print(store, report, dropped, to: &output) }
            if found.isEmpty { output.line("\(root.path): no index is here") }
        }
        let isClean = found.allSatisfy(\.report.isClean)
        return isClean ? .success : ExitStatus(.corrupted)
    }

    /// Calls back with every directory that holds an index, from the top down.
    private static func visit(
        _ store: any FileStore, depth: Int, _ body: (any FileStore) throws -> Void
    ) throws {
        let isIndex = try store.list().contains {
            $0 == ManifestFormat.fileName || SegmentFormat.owner(ofFileNamed: $0) != nil
        }
        if isIndex { try body(store) }
        guard depth < 8 else { return }
        for name in try store.directories() {
            try visit(try store.directory(name), depth: depth + 1, body)
        }
    }

    private static func print(
        _ store: any FileStore, _ report: IndexChecker.Report, _ dropped: [String: [SegmentID]],
        to output: inout Output
    ) {
        let state = report.isClean ? "clean" : "DAMAGED"
        output.line(
            "\(store.path): \(state), \(report.segmentCount) segments, \(report.liveCount) "
                + "living documents of \(report.docCount), \(report.byteCount) bytes")
        for damage in report.damages {
            let what = damage.segment.map { "segment \($0)" } ?? "manifest"
            output.line("  \(what): \(damage.loss)")
            for problem in damage.problems { output.line("    \(problem)") }
        }
        for name in report.leftovers {
            output.line("  \(name): left over; removed when the index is opened")
        }
        if let ids = dropped[store.path], !ids.isEmpty {
            output.line("  dropped: \(ids.map(\.description).joined(separator: ", "))")
        } else if !report.isClean {
            output.line(
                "  copy the shard from another node, or give up what is damaged: "
                    + "trawl check \(store.path) --drop-damaged")
        }
    }

    private static func describe(
        _ store: any FileStore, _ report: IndexChecker.Report, _ dropped: [String: [SegmentID]]
    ) -> JSONValue {
        func number(_ value: Int) -> JSONValue { .number(JSONNumber(Int64(value))) }
        let damages = report.damages.map { damage -> JSONValue in
            [
                "segment": damage.segment.map { .string($0.description) } ?? .null,
                "loss": .string(damage.loss),
                "problems": .array(
                    damage.problems.map { problem -> JSONValue in
                        [
                            "file": .string(problem.file),
                            "byte_offset": number(problem.byteOffset),
                            "reason": .string(problem.reason),
                        ]
                    }),
            ]
        }
        return [
            "directory": .string(store.path),
            "clean": .bool(report.isClean),
            "segments": number(report.segmentCount),
            "documents": number(report.docCount),
            "living_documents": number(report.liveCount),
            "bytes": number(report.byteCount),
            "damages": .array(damages),
            "leftovers": .array(report.leftovers.map { .string($0) }),
            "dropped": .array((dropped[store.path] ?? []).map { .string($0.description) }),
        ]
    }
}
