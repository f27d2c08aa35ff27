internal import TrawlBytes

/// Documents whose identities can be gone through, in order, again and again.
protocol IdentitySource {
    var docCount: Int { get }
    func forEachID(_ body: (ArraySlice<UInt8>) throws -> Void) rethrows
    func forEachFacts(_ body: (DocumentFacts) throws -> Void) rethrows
    /// Documents without routing are left out.
    func forEachRouting(_ body: (_ doc: Int, _ routing: ArraySlice<UInt8>) throws -> Void) rethrows
    /// Whether the document is found by its id.
    func isListed(_ doc: Int) -> Bool
}

/// Writes an `.iden` file. See `IdentityFormat`.
enum IdentityWriter {
    static func write(
        _ source: some IdentitySource, into file: SegmentFileWriter
    ) throws -> IdentityPlace {
        var place = IdentityPlace()
        place.docCount = source.docCount
        place.ids = file.byteOffset
        var hashes: [UInt64] = []
        hashes.reserveCapacity(source.docCount)
        var starts = PackedNumbersWriter()
        var end = 0
        starts.append(0)
        try source.forEachID { id in
            end += id.count
            starts.append(end)
            try unsafe id.withUnsafeBytes { bytes in
                unsafe hashes.append(StableHash.hash64(bytes))
                try unsafe file.append(bytes)
            }
        }
        place.starts = try starts.finish(into: file)
        try writeFacts(source, &place, into: file)
        try writeRouting(source, &place, into: file)
        try writeTable(source, hashes, &place, into: file)
        return place
    }

    private static func writeFacts(
        _ source: some IdentitySource, _ place: inout IdentityPlace, into file: SegmentFileWriter
    ) throws {
        try file.align()
        place.digests = file.byteOffset
        var sequences = PackedNumbersWriter()
        var epochs = PackedNumbersWriter()
        var versions = PackedNumbersWriter()
        var stamps = PackedNumbersWriter()
        var digests = ByteWriter(reserving: 4096)
        try source.forEachFacts { facts in
            digests.write(facts.digest.low)
            digests.write(facts.digest.high)
            if digests.byteCount == 4096 {
                try file.append(digests.bytes)
                digests = ByteWriter(reserving: 4096)
            }
            sequences.append(facts.sequence)
            epochs.append(facts.epoch)
            versions.append(facts.version)
            stamps.append(Int64(bitPattern: facts.stamp))
        }
        try file.append(digests.bytes)
        place.sequences = try sequences.finish(into: file)
        place.epochs = try epochs.finish(into: file)
        place.versions = try versions.finish(into: file)
        place.stamps = try stamps.finish(into: file)
    }

    private static func writeRouting(
        _ source: some IdentitySource, _ place: inout IdentityPlace, into file: SegmentFileWriter
    ) throws {
        var docs: [UInt32] = []
        var bytes: [UInt8] = []
        var starts = PackedNumbersWriter()
        starts.append(0)
        source.forEachRouting { doc, routing in
            docs.append(UInt32(doc))
            bytes.append(contentsOf: routing)
            starts.append(bytes.count)
        }
        place.routed = try DocSetPlace.write(docs, docCount: source.docCount, into: file)
        place.routings = file.byteOffset
        try file.append(bytes)
        place.routingStarts = try starts.finish(into: file)
    }

    private static func writeTable(
        _ source: some IdentitySource, _ hashes: [UInt64], _ place: inout IdentityPlace,
        into file: SegmentFileWriter
    ) throws {
        let listed = hashes.indices.filter(source.isListed)
        place.slotCount = listed.count * 4 / 3 + 1
        var tags = [UInt8](repeating: 0, count: place.slotCount)
        var slots = [UInt32](repeating: 0, count: place.slotCount)
        for doc in listed {
            let hash = hashes[doc]
            var slot = IdentityPlace.firstSlot(hash, slotCount: place.slotCount)
            while tags[slot] != 0 { slot = slot + 1 == place.slotCount ? 0 : slot + 1 }
            tags[slot] = IdentityPlace.tag(hash)
            slots[slot] = UInt32(doc)
        }
        place.tags = file.byteOffset
        try file.append(tags)
        try file.align()
        place.slots = file.byteOffset
        var writer = ByteWriter(reserving: slots.count * 4)
        for slot in slots { writer.write(slot) }
        try file.append(writer.bytes)
    }
}

/// The identities of a merge's living documents, read from its sources as they are asked for.
struct MergedIdentities: IdentitySource {
    let sources: [SegmentView]
    let maps: [SegmentMerger.DocMap]
    let docCount: Int

    func forEachID(_ body: (ArraySlice<UInt8>) throws -> Void) rethrows {
        for source in sources {
            for doc in 0..<source.docCount where source.isLive(doc) {
                try body(source.reader.identity.idBytes(of: doc)[...])
            }
        }
    }

    func forEachFacts(_ body: (DocumentFacts) throws -> Void) rethrows {
        for source in sources {
            for doc in 0..<source.docCount where source.isLive(doc) {
                try body(source.reader.identity.facts(of: doc))
            }
        }
    }

    func forEachRouting(
        _ body: (_ doc: Int, _ routing: ArraySlice<UInt8>) throws -> Void
    ) rethrows {
        for (source, map) in zip(sources, maps) {
            try source.reader.identity.forEachRouting { doc, routing in
                if let new = map.newNumber(of: doc) { try body(new, routing) }
            }
        }
    }

    func isListed(_ doc: Int) -> Bool { true }
}
