package import TrawlBytes
package import TrawlFiles
package import TrawlSegment

/// Reads everything in an index's directory and says what is wrong and what it costs.
package struct IndexChecker {
    /// What is wrong with one segment, or with the manifest.
    package struct Damage: Sendable {
        /// Nil: the manifest.
        package var segment: SegmentID?
        package var problems: [CorruptionError]
        /// What is lost when the segment is dropped, or while the manifest is unreadable.
        package var loss: String
    }

    package struct Report: Sendable {
        package var manifest: Manifest?
        package var damages: [Damage] = []
        package var segmentCount = 0
        package var docCount = 0
        package var liveCount = 0
        package var byteCount = 0
        /// Files that no commit names. An interrupted writer leaves them; opening removes them.
        package var leftovers: [String] = []

        package var isClean: Bool { damages.isEmpty }
        package var problems: [CorruptionError] { damages.flatMap(\.problems) }
    }

    private let store: any FileStore

    package init(_ store: any FileStore) { self.store = store }

    /// Nobody may write to the index meanwhile.
    package func check() throws(FileError) -> Report {
        var report = Report()
        guard store.exists(ManifestFormat.fileName) else {
            report.leftovers = try leftovers(besides: [])
            if !report.leftovers.isEmpty {
                let lost = CorruptionError(
                    file: ManifestFormat.fileName, byteOffset: 0,
                    reason: "the manifest is missing, though there are files of segments")
                report.damages.append(
                    Damage(
                        segment: nil, problems: [lost],
                        loss: "everything since the log's beginning has to be applied again; "
                            + "harmless if the index never committed"))
            }
            return report
        }
        let bytes = try store.readAll(ManifestFormat.fileName)
        let manifest: Manifest
        do {
            manifest = try Manifest(decoding: bytes, file: ManifestFormat.fileName)
        } catch {
            report.damages.append(
                Damage(
                    segment: nil, problems: [error],
                    loss: "the whole index; copy the shard from another node, "
                        + "or replay its log from the beginning"))
            return report
        }
        report.manifest = manifest
        var living: [String: SegmentID] = [:]
        var known: Set<String> = []
        for segment in manifest.segments {
            check(segment, &report, &living, &known)
        }
        report.leftovers = try leftovers(besides: known)
        return report
    }

    private func check(
        _ segment: Manifest.Segment, _ report: inout Report,
        _ living: inout [String: SegmentID], _ known: inout Set<String>
    ) {
        var checker = SegmentChecker()
        let view = checker.check(segment.id, liveGeneration: segment.liveGeneration, in: store)
        var problems = checker.problems
        if segment.liveGeneration > 0 {
            known.insert(
                SegmentFormat.liveFileName(segment.id, generation: segment.liveGeneration))
        }
        if let view {
            known.formUnion(view.reader.fileNames)
            problems += compare(view, with: segment)
            if problems.isEmpty { problems += findTwins(in: view, &living) }
        } else {
            for kind in SegmentFormat.Kind.allCases {
                known.insert(SegmentFormat.fileName(segment.id, kind))
            }
        }
        report.segmentCount += 1
        report.docCount += segment.docCount
        report.liveCount += segment.liveCount
        report.byteCount += segment.byteCount
        if !problems.isEmpty {
            let all = report.manifest?.segments.reduce(0) { $0 + $1.liveCount } ?? 0
            let loss = "\(segment.liveCount) living documents of \(all) are in it"
            report.damages.append(Damage(segment: segment.id, problems: problems, loss: loss))
        }
    }

    private func compare(
        _ view: SegmentView, with segment: Manifest.Segment
    ) -> [CorruptionError] {
        let pairs = [
            ("documents", view.docCount, segment.docCount),
            ("living documents", view.liveCount, segment.liveCount),
            ("bytes", view.reader.byteCount, segment.byteCount),
        ]
        return pairs.filter { $0.1 != $0.2 }.map { what, found, expected in
            CorruptionError(
                file: SegmentFormat.fileName(segment.id, .info), byteOffset: 0,
                reason: "\(found) \(what), the manifest says \(expected)")
        }
    }

    /// An id may live in one segment only.
    private func findTwins(
        in view: SegmentView, _ living: inout [String: SegmentID]
    ) -> [CorruptionError] {
        for doc in 0..<view.docCount where view.isLive(doc) {
            let id = view.reader.identity.id(of: doc)
            if let other = living.updateValue(view.id, forKey: id) {
                return [
                    CorruptionError(
                        file: SegmentFormat.fileName(view.id, .iden), byteOffset: 0,
                        reason: "the document \"\(id)\" lives here and in segment \(other)")
                ]
            }
        }
        return []
    }

    private func leftovers(besides known: Set<String>) throws(FileError) -> [String] {
        try store.list().filter { name in
            !known.contains(name)
                && (SegmentFormat.owner(ofFileNamed: name) != nil
                    || name == ManifestFormat.fileName + ".new")
        }
    }

    /// Takes damaged segments out of the index for good. Their documents are gone from this copy;
    /// the payload of the commit stays, so a replay does not bring them back.
    ///
    /// - Returns: The segments that were dropped.
    package func dropDamagedSegments(of report: Report) throws -> [SegmentID] {
        guard var manifest = report.manifest else { return [] }
        let damaged = Set(report.damages.compactMap(\.segment))
        guard !damaged.isEmpty else { return [] }
        manifest.segments.removeAll { damaged.contains($0.id) }
        manifest.generation += 1
        try store.replaceAtomically(ManifestFormat.fileName, with: manifest.encoded())
        for name in try store.list() {
            if let owner = SegmentFormat.owner(ofFileNamed: name), damaged.contains(owner) {
                try store.remove(name)
            }
        }
        return damaged.sorted()
    }
}
