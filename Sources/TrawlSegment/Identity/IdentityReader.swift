package import TrawlBytes

/// Identities by document, and documents by id. See `IdentityPlace`.
package struct IdentityReader: Sendable {
    private let file: SegmentFile
    private let place: IdentityPlace
    private let starts: PackedNumbersReader
    private let sequences: PackedNumbersReader
    private let epochs: PackedNumbersReader
    private let versions: PackedNumbersReader
    private let stamps: PackedNumbersReader
    private let routed: DocSetReader
    private let routingStarts: PackedNumbersReader

    package init(
        _ place: IdentityPlace, docCount: Int, in file: SegmentFile
    ) throws(CorruptionError) {
        self.file = file
        self.place = place
        starts = try PackedNumbersReader(place.starts, in: file)
        sequences = try PackedNumbersReader(place.sequences, in: file)
        epochs = try PackedNumbersReader(place.epochs, in: file)
        versions = try PackedNumbersReader(place.versions, in: file)
        stamps = try PackedNumbersReader(place.stamps, in: file)
        routed = try DocSetReader(place.routed, docCount: docCount, in: file)
        routingStarts = try PackedNumbersReader(place.routingStarts, in: file)
        let counts = [
            place.docCount, starts.count - 1, sequences.count, epochs.count, versions.count,
            stamps.count,
        ]
        guard counts.allSatisfy({ $0 == docCount }), routingStarts.count == routed.count + 1,
            place.slotCount > 0,
            place.slots <= file.byteCount - place.slotCount * 4,
            place.tags <= file.byteCount - place.slotCount,
            place.digests <= file.byteCount - docCount * 16
        else {
            throw CorruptionError(
                file: file.name, byteOffset: place.ids,
                reason: "identities of \(docCount) documents expected")
        }
    }

    package func idBytes(of doc: Int) -> [UInt8] {
        let start = starts.int(at: doc)
        return file.array(at: place.ids + start, byteCount: starts.int(at: doc + 1) - start)
    }

    package func id(of doc: Int) -> String { String(decoding: idBytes(of: doc), as: UTF8.self) }

    package func routing(of doc: Int) -> String? {
        guard let rank = routed.rank(of: doc) else { return nil }
        let start = routingStarts.int(at: rank)
        let bytes = file.array(
            at: place.routings + start, byteCount: routingStarts.int(at: rank + 1) - start)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Documents without routing are left out.
    func forEachRouting(
        _ body: (_ doc: Int, _ routing: ArraySlice<UInt8>) throws -> Void
    ) rethrows {
        var doc = routed.next(from: 0)
        var rank = 0
        while let routedDoc = doc {
            let start = routingStarts.int(at: rank)
            let byteCount = routingStarts.int(at: rank + 1) - start
            try body(routedDoc, file.array(at: place.routings + start, byteCount: byteCount)[...])
            rank += 1
            doc = rank < routed.count ? routed.next(from: routedDoc + 1) : nil
        }
    }

    package func sequence(of doc: Int) -> Int64 { sequences.value(at: doc) }
    package func epoch(of doc: Int) -> Int64 { epochs.value(at: doc) }
    package func version(of doc: Int) -> Int64 { versions.value(at: doc) }
    package func stamp(of doc: Int) -> UInt64 { UInt64(bitPattern: stamps.value(at: doc)) }

    package func digest(of doc: Int) -> StableHash.Hash128 {
        StableHash.Hash128(
            low: file.load(at: place.digests + doc * 16),
            high: file.load(at: place.digests + doc * 16 + 8))
    }

    package func facts(of doc: Int) -> DocumentFacts {
        DocumentFacts(
            sequence: sequence(of: doc), epoch: epoch(of: doc), version: version(of: doc),
            stamp: stamp(of: doc), digest: digest(of: doc))
    }

    /// The document that had the id when the segment was written. It may have died since.
    ///
    /// - Parameter hash: `StableHash.hash64` of the id.
    package func doc(id: String, hash: UInt64) -> Int? {
        let tag = IdentityPlace.tag(hash)
        var slot = IdentityPlace.firstSlot(hash, slotCount: place.slotCount)
        for _ in 0..<place.slotCount {
            let found: UInt8 = file.load(at: place.tags + slot)
            if found == 0 { return nil }
            if found == tag {
                let doc = Int(file.load(at: place.slots + slot * 4, as: UInt32.self))
                if doc < place.docCount, hasID(doc, id) { return doc }
            }
            slot = slot + 1 == place.slotCount ? 0 : slot + 1
        }
        return nil
    }

    private func hasID(_ doc: Int, _ id: String) -> Bool {
        let start = starts.int(at: doc)
        let bytes = unsafe file.slice(
            at: place.ids + start, byteCount: starts.int(at: doc + 1) - start)
        return unsafe bytes.elementsEqual(id.utf8)
    }

    /// Reads everything; every document in the look-up must be found by its id.
    package func check() throws(CorruptionError) {
        for numbers in [starts, sequences, epochs, versions, stamps, routingStarts] {
            try numbers.check()
        }
        try routed.check()
        for slot in 0..<place.slotCount {
            guard file.load(at: place.tags + slot, as: UInt8.self) != 0 else { continue }
            let doc = Int(file.load(at: place.slots + slot * 4, as: UInt32.self))
            guard doc < place.docCount,
                case let id = id(of: doc),
                self.doc(id: id, hash: StableHash.hash64(id)) == doc
            else {
                throw CorruptionError(
                    file: file.name, byteOffset: place.slots + slot * 4,
                    reason: "document \(doc) is not found by its id")
            }
        }
        if let damage = file.damage { throw damage }
    }
}
