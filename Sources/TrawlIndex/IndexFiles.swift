internal import TrawlBytes
internal import TrawlFiles
internal import TrawlSegment

/// Which files an index has, by its manifest.
enum IndexFiles {
    /// Opens a segment of a manifest and compares what both say.
    static func open(
        _ described: Manifest.Segment, in store: any FileStore
    ) throws -> SegmentView {
        let reader = try SegmentReader(described.id, in: store)
        var live: LiveDocs?
        if described.liveGeneration > 0 {
            let name = SegmentFormat.liveFileName(
                described.id, generation: described.liveGeneration)
            live = try LiveDocsFormat.decode(
                try store.readAll(name), of: reader, file: name)
        }
        let view = SegmentView(reader, live: live)
        guard reader.docCount == described.docCount, view.liveCount == described.liveCount,
            reader.byteCount == described.byteCount
        else {
            throw CorruptionError(
                file: SegmentFormat.fileName(described.id, .info), byteOffset: 0,
                reason: "\(reader.docCount) documents, \(view.liveCount) living, "
                    + "\(reader.byteCount) bytes; the manifest says \(described.docCount), "
                    + "\(described.liveCount), \(described.byteCount)")
        }
        return view
    }

    /// All files of a commit but the manifest.
    static func names(of manifest: Manifest, _ readers: [SegmentReader]) -> [String] {
        var names: [String] = []
        for (segment, reader) in zip(manifest.segments, readers) {
            assert(segment.id == reader.id)
            names += reader.fileNames
            if segment.liveGeneration > 0 {
                names.append(
                    SegmentFormat.liveFileName(segment.id, generation: segment.liveGeneration))
            }
        }
        return names
    }

    /// Removes what an interrupted flush, merge or commit left behind.
    static func removeLeftovers(besides files: [String], in store: any FileStore) throws {
        let known = Set(files)
        for name in try store.list() where !known.contains(name) {
            if SegmentFormat.owner(ofFileNamed: name) != nil
                || name == ManifestFormat.fileName + ".new"
            {
                try store.remove(name)
            }
        }
    }
}
