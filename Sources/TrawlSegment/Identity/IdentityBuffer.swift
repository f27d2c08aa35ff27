internal import TrawlBytes

/// Identities of documents, before they are written, and the look-up of the newest document of
/// an id.
package struct IdentityBuffer: Sendable {
    private var ids: [UInt8] = []
    private var ends: [Int] = []
    private var hashes: [UInt64] = []
    private var facts: [DocumentFacts] = []
    private var routedDocs: [UInt32] = []
    private var routings: [UInt8] = []
    private var routingEnds: [Int] = []
    /// Document number plus one; 0 is free. A power of two long.
    private var slots = [UInt32](repeating: 0, count: 64)
    private var usedSlotCount = 0

    package init() {}

    package var docCount: Int { ends.count }

    package var memoryByteCount: Int {
        ids.capacity + ends.capacity * 8 + hashes.capacity * 8 + slots.capacity * 4
            + facts.capacity * MemoryLayout<DocumentFacts>.stride + routings.capacity
            + routedDocs.capacity * 12
    }

    /// Adds a document; from now on the id leads to it and no longer to one before.
    package mutating func append(id: String, routing: String?, facts: DocumentFacts) {
        let doc = UInt32(ends.count)
        var id = id
        let hash = id.withUTF8 { utf8 in
            unsafe ids.append(contentsOf: utf8)
            return unsafe StableHash.hash64(UnsafeRawBufferPointer(utf8))
        }
        append(hash: hash, facts: facts)
        if let routing {
            routedDocs.append(doc)
            routings.append(contentsOf: routing.utf8)
            routingEnds.append(routings.count)
        }
    }

    private mutating func append(hash: UInt64, facts: DocumentFacts) {
        let doc = ends.count
        ends.append(ids.count)
        hashes.append(hash)
        self.facts.append(facts)
        if (usedSlotCount + 1) * 2 > slots.count { grow() }
        let slot = find(hash: hash, idOf: doc)
        if slots[slot] == 0 { usedSlotCount += 1 }
        slots[slot] = UInt32(doc + 1)
    }

    package func idBytes(of doc: Int) -> ArraySlice<UInt8> {
        ids[(doc == 0 ? 0 : ends[doc - 1])..<ends[doc]]
    }

    package func id(of doc: Int) -> String { String(decoding: idBytes(of: doc), as: UTF8.self) }

    package func facts(of doc: Int) -> DocumentFacts { facts[doc] }

    package func routing(of doc: Int) -> String? {
        guard let rank = rank(ofRouted: UInt32(doc)) else { return nil }
        let start = rank == 0 ? 0 : routingEnds[rank - 1]
        return String(decoding: routings[start..<routingEnds[rank]], as: UTF8.self)
    }

    private func rank(ofRouted doc: UInt32) -> Int? {
        var low = 0
        var high = routedDocs.count
        while low < high {
            let middle = (low + high) / 2
            if routedDocs[middle] < doc { low = middle + 1 } else { high = middle }
        }
        return low < routedDocs.count && routedDocs[low] == doc ? low : nil
    }

    /// The slot of the id that document `doc` has: taken by a document with that id, or free.
    private func find(hash: UInt64, idOf doc: Int) -> Int {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let other = Int(slots[slot]) - 1
            if hashes[other] == hash, idBytes(of: other) == idBytes(of: doc) { return slot }
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    /// The newest document with the id.
    package func doc(id: String, hash: UInt64) -> Int? {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let doc = Int(slots[slot]) - 1
            if hashes[doc] == hash, idBytes(of: doc).elementsEqual(id.utf8) { return doc }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private mutating func grow() {
        var larger = [UInt32](repeating: 0, count: slots.count * 2)
        for old in slots where old != 0 {
            var slot = Int(truncatingIfNeeded: hashes[Int(old) - 1]) & (larger.count - 1)
            while larger[slot] != 0 { slot = (slot + 1) & (larger.count - 1) }
            larger[slot] = old
        }
        slots = larger
    }

    /// - Parameter isLive: Documents that are not are left out of the look-up.
    package func write(
        isLive: @escaping (Int) -> Bool, into file: SegmentFileWriter
    ) throws -> IdentityPlace {
        try IdentityWriter.write(Listed(buffer: self, isLive: isLive), into: file)
    }

    private struct Listed: IdentitySource {
        let buffer: IdentityBuffer
        let isLive: (Int) -> Bool

        var docCount: Int { buffer.docCount }

        func forEachID(_ body: (ArraySlice<UInt8>) throws -> Void) rethrows {
            for doc in 0..<docCount { try body(buffer.idBytes(of: doc)) }
        }

        func forEachFacts(_ body: (DocumentFacts) throws -> Void) rethrows {
            for facts in buffer.facts { try body(facts) }
        }

        func forEachRouting(
            _ body: (_ doc: Int, _ routing: ArraySlice<UInt8>) throws -> Void
        ) rethrows {
            var start = 0
            for (doc, end) in zip(buffer.routedDocs, buffer.routingEnds) {
                try body(Int(doc), buffer.routings[start..<end])
                start = end
            }
        }

        func isListed(_ doc: Int) -> Bool { isLive(doc) }
    }
}
