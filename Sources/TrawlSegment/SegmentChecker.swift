package import TrawlBytes
package import TrawlFiles
internal import TrawlPostings

/// Reads every byte of a segment and names what is wrong: checksums, the order and bounds inside
/// each file, and what the files say of each other.
package struct SegmentChecker {
    /// What was found wrong, file by file.
    package private(set) var problems: [CorruptionError] = []

    package init() {}

    /// Checks a segment and, when there are any, its live documents.
    ///
    /// - Parameter liveGeneration: 0 while all documents live.
    /// - Returns: The segment, when it can be opened at all.
    @discardableResult
    package mutating func check(
        _ id: SegmentID, liveGeneration: UInt64, in store: any FileStore
    ) -> SegmentView? {
        var opened: SegmentReader?
        attempt(SegmentFormat.fileName(id, .info)) { opened = try SegmentReader(id, in: store) }
        guard let reader = opened else {
            checkEnvelopes(of: id, in: store)
            return nil
        }
        for file in reader.largeFiles {
            attempt(file.name) {
                try unsafe EnvelopeFormat.checkContent(file.bytes, file: file.name)
            }
        }
        var live: LiveDocs?
        if liveGeneration > 0 {
            let name = SegmentFormat.liveFileName(id, generation: liveGeneration)
            attempt(name) {
                live = try LiveDocsFormat.decode(
                    try store.readAll(name), of: reader, file: name)
            }
        }
        let view = SegmentView(reader, live: live)
        check(reader)
        for field in reader.fields { check(field, of: view) }
        checkLookUp(view)
        if let nested = view.nested {
            check(nested.reader)
            for field in nested.reader.fields { check(field, of: nested) }
            // Only of columns that can be read.
            if problems.isEmpty { checkBlocks(of: view, nested) }
        }
        if problems.isEmpty, let damage = reader.damage { problems.append(damage) }
        return view
    }

    /// A segment that cannot be opened: which of its files are whole.
    private mutating func checkEnvelopes(of id: SegmentID, in store: any FileStore) {
        if !id.isNested { checkEnvelopes(of: id.nested, in: store) }
        for kind in SegmentFormat.Kind.allCases where kind != .info && kind != .live {
            let name = SegmentFormat.fileName(id, kind)
            guard store.exists(name) else { continue }
            attempt(name) {
                let file = SegmentFile(name: name, mapping: try store.map(name))
                _ = try unsafe EnvelopeFormat.check(
                    file.bytes, file: name, kind: kind.rawValue,
                    versions: SegmentFormat.versions, owner: id.number)
                try unsafe EnvelopeFormat.checkContent(file.bytes, file: name)
            }
        }
    }

    private mutating func attempt(_ file: String, _ body: () throws -> Void) {
        do { try body() } catch let error as CorruptionError {
            if !problems.contains(error) { problems.append(error) }
        } catch {
            problems.append(CorruptionError(file: file, byteOffset: 0, reason: "\(error)"))
        }
    }

    private mutating func check(_ reader: SegmentReader) {
        attempt(SegmentFormat.fileName(reader.id, .iden)) { try reader.identity.check() }
        attempt(SegmentFormat.fileName(reader.id, .stor)) { try reader.stored.check() }
    }

    private mutating func check(_ field: SegmentField, of view: SegmentView) {
        let id = view.id
        attempt(SegmentFormat.fileName(id, .norm)) {
            try field.norms?.check()
            try Self.checkStatistics(of: field, view)
        }
        attempt(SegmentFormat.fileName(id, .cols)) {
            try field.numbers?.check()
            try field.bytes?.check()
        }
        attempt(SegmentFormat.fileName(id, .pnts)) {
            try field.points?.check()
        }
        // Only of columns and points that can be read.
        if problems.isEmpty {
            attempt(SegmentFormat.fileName(id, .pnts)) { try Self.checkPoints(of: field, view) }
        }
        // Only beside lengths that can be read.
        let lengths = SegmentFormat.fileName(id, .norm)
        if !problems.contains(where: { $0.file == lengths }) {
            attempt(SegmentFormat.fileName(id, .post)) { try Self.checkPostings(of: field, view) }
        }
    }

    /// The statistics that were kept must be those of the lengths.
    private static func checkStatistics(of field: SegmentField, _ view: SegmentView) throws {
        guard let norms = field.norms else { return }
        var all = FieldStatistics()
        var living = FieldStatistics()
        norms.forEach { doc, length, _ in
            all.add(length: length)
            if doc < view.docCount, view.isLive(doc) { living.add(length: length) }
        }
        guard all == field.statistics, living == view.statistics(of: field) else {
            throw CorruptionError(
                file: SegmentFormat.fileName(view.id, .norm), byteOffset: 0,
                reason: "the lengths of \(field.name) add up to \(living), "
                    + "\(view.statistics(of: field)) was kept")
        }
    }

    /// Points say once more what the column says: the same numbers of the same documents.
    private static func checkPoints(of field: SegmentField, _ view: SegmentView) throws {
        guard let points = field.points, let column = field.numbers else { return }
        // Both in their own order, so sums are compared: of a hash of each pair.
        var difference: UInt64 = 0
        var count = 0
        func hash(_ number: Int64, _ doc: Int) -> UInt64 {
            var x = UInt64(bitPattern: number) &+ UInt64(doc) &* 0x9e37_79b9_7f4a_7c15
            x = (x ^ x >> 32) &* 0xd6e8_feb8_6659_fd93
            return x ^ x >> 32
        }
        column.forEach { doc, places in
            for place in places {
                difference &+= hash(column.numbers.value(at: place), doc)
                count += 1
            }
        }
        points.forEach { number, doc in
            difference &-= hash(number, doc)
            count -= 1
        }
        guard difference == 0, count == 0 else {
            throw CorruptionError(
                file: SegmentFormat.fileName(view.id, .pnts), byteOffset: 0,
                reason: "the points of \(field.name) are not the values of its column")
        }
    }

    /// Reads every list; the documents' lengths must be what the lists add up to.
    private static func checkPostings(of field: SegmentField, _ view: SegmentView) throws {
        guard let postings = field.postings, let norms = field.norms else { return }
        var lengths = [Int](repeating: 0, count: view.docCount)
        var last: [UInt8]?
        var termCount = 0
        func damaged(_ reason: String) -> CorruptionError {
            CorruptionError(
                file: SegmentFormat.fileName(view.id, .post), byteOffset: 0, reason: reason)
        }
        try postings.forEachTerm { term, entry in
            if let last, !last.lexicographicallyPrecedes(term) {
                throw damaged("term \(termCount) of \(field.name) is out of order")
            }
            last = Array(term)
            termCount += 1
            var docCount = 0
            var lastDoc = -1
            var isSorted = true
            let list = try postings.open(entry)
            try unsafe list.forEachBlock { docs, frequencies in
                for index in docs.indices {
                    let doc = unsafe Int(docs[index])
                    if doc <= lastDoc || doc >= view.docCount {
                        isSorted = false
                        return
                    }
                    lastDoc = doc
                    lengths[doc] +=
                        postings.detail == .documents
                        ? 1 : unsafe Int(frequencies[index])
                }
                docCount += docs.count
            }
            try list.check()
            guard isSorted, docCount == entry.docCount else {
                throw damaged(
                    "a list of \(field.name) has \(docCount) documents, or out of order; "
                        + "\(entry.docCount) expected")
            }
            return true
        }
        guard termCount == postings.termCount else {
            throw damaged("\(termCount) terms of \(field.name), \(postings.termCount) expected")
        }
        for doc in lengths.indices where lengths[doc] != norms.length(of: doc) {
            throw damaged(
                "document \(doc) occurs \(lengths[doc]) times in the lists of \(field.name), "
                    + "its length is \(norms.length(of: doc))")
        }
    }

    /// Every nested document belongs to one document and lives as long, and each but the first of
    /// a chain of objects has a parent in the same block.
    private mutating func checkBlocks(of view: SegmentView, _ nested: SegmentView) {
        let blocks = view.reader.blocks
        let tree = NestedTree(nested.reader)
        func damaged(_ reason: String) -> CorruptionError {
            CorruptionError(
                file: SegmentFormat.fileName(nested.id, .cols), byteOffset: 0, reason: reason)
        }
        guard blocks.docCount == nested.docCount else {
            problems.append(
                damaged(
                    "\(nested.docCount) nested documents, their roots count "
                        + "\(blocks.docCount)"))
            return
        }
        for place in 0..<blocks.rootCount {
            let range = blocks.range(at: place)
            let lives = view.isLive(blocks.root(at: place))
            for doc in range {
                let parent = tree.parent(of: doc)
                guard tree.pathBytes(of: doc) != nil, parent.map({ range.contains($0) }) ?? true
                else { return problems.append(damaged("nested document \(doc) has no place")) }
                guard nested.isLive(doc) == lives else {
                    return problems.append(
                        damaged("nested document \(doc) does not live as long as its root"))
                }
            }
        }
    }

    /// Every living document is found by its id.
    private mutating func checkLookUp(_ view: SegmentView) {
        let identity = view.reader.identity
        for doc in 0..<view.docCount where view.isLive(doc) {
            let id = identity.id(of: doc)
            guard identity.doc(id: id, hash: StableHash.hash64(id)) == doc else {
                problems.append(
                    CorruptionError(
                        file: SegmentFormat.fileName(view.id, .iden), byteOffset: 0,
                        reason: "the living document \(doc) is not found by its id"))
                return
            }
        }
    }
}
