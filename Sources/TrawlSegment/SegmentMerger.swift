internal import TrawlBytes
package import TrawlFiles
package import TrawlPostings
internal import TrawlSchema

/// Joins neighbouring segments into one: the same living documents in the same order, without the
/// dead ones.
package enum SegmentMerger {
    /// What a segment's documents become.
    package struct DocMap: Sendable {
        /// The first document of the segment in the joined one.
        package var base: Int
        /// For each document its new number, `.end` for a dead one; nil when all live.
        package var numbers: [DocNumber]?

        package func newNumber(of doc: Int) -> Int? {
            guard let numbers else { return base + doc }
            return numbers[doc] == .end ? nil : Int(numbers[doc])
        }
    }

    package struct Merged: Sendable {
        package var info: SegmentInfo
        package var output: SegmentOutput
        /// One for each source.
        package var maps: [DocMap]
    }

    /// - Parameters:
    ///   - sources: In the order of their documents. Their large files are verified first.
    ///   - pace: Called with the count of bytes after each part of the work. Throws to cancel.
    package static func merge(
        _ sources: [SegmentView], as id: SegmentID, in store: any FileStore,
        pace: @escaping (Int) throws -> Void = { _ in }
    ) throws -> Merged {
        for source in sources {
            for file in source.reader.largeFiles {
                try unsafe EnvelopeFormat.checkContent(file.bytes, file: file.name)
                try pace(0)
            }
        }
        let output = SegmentOutput(id, in: store, pace: pace)
        do {
            let nested = sources.compactMap(\.nested).filter { $0.liveCount > 0 }
            if !nested.isEmpty {
                var work = MergeWork(nested, output: output.makeNested(), keepsNested: false)
                _ = try work.run()
            }
            var work = MergeWork(sources, output: output, keepsNested: !nested.isEmpty)
            let info = try work.run()
            for source in sources { if let damage = source.reader.damage { throw damage } }
            return Merged(info: info, output: output, maps: work.maps)
        } catch {
            output.abandon()
            throw error
        }
    }
}

/// One merge, file by file.
struct MergeWork {
    let sources: [SegmentView]
    let maps: [SegmentMerger.DocMap]
    private let output: SegmentOutput
    private let docCount: Int
    private let fields: [MergedField]
    private var info: SegmentInfo

    /// A field of the joined segment, and where it comes from.
    private struct MergedField {
        var name: String
        var storage: FieldStorage
        var parts: [(source: Int, field: SegmentField)]
    }

    /// - Parameter keepsNested: Whether any nested documents of the sources live.
    init(_ sources: [SegmentView], output: SegmentOutput, keepsNested: Bool) {
        self.sources = sources
        self.output = output
        var base = 0
        var maps: [SegmentMerger.DocMap] = []
        for source in sources {
            maps.append(
                SegmentMerger.DocMap(
                    base: base,
                    numbers: source.live.map { live in
                        var next = DocNumber(base)
                        return (0..<source.docCount).map { doc in
                            guard live.bits.contains(doc) else { return .end }
                            defer { next += 1 }
                            return next
                        }
                    }))
            base += source.liveCount
        }
        self.maps = maps
        docCount = base
        fields = Self.fields(of: sources).filter {
            keepsNested || $0.name != NestedFormat.countField
        }
        info = SegmentInfo(id: output.id, docCount: base)
    }

    /// By name, in order of appearance. What one part does not keep, the whole cannot keep.
    private static func fields(of sources: [SegmentView]) -> [MergedField] {
        var fields: [MergedField] = []
        var places: [String: Int] = [:]
        for (source, view) in sources.enumerated() {
            for field in view.reader.fields {
                guard let place = places[field.name] else {
                    places[field.name] = fields.count
                    fields.append(
                        MergedField(
                            name: field.name, storage: field.storage, parts: [(source, field)]))
                    continue
                }
                fields[place].parts.append((source, field))
                var storage = fields[place].storage
                storage.postings = min(storage.postings, field.storage.postings)
                storage.norms = storage.norms && field.storage.norms
                if storage.column != field.storage.column { storage.column = .none }
                storage.points = storage.points && field.storage.points
                fields[place].storage = storage
            }
        }
        return fields
    }

    mutating func run() throws -> SegmentInfo {
        info.fields = fields.map { SegmentInfo.Field(name: $0.name, storage: $0.storage) }
        let inverted = fields.indices.filter { fields[$0].storage.postings != .none }
        if !inverted.isEmpty {
            try output.write(.norm) { file in
                for index in inverted { try mergeNorms(index, into: file) }
            }
            try mergeInverted(inverted)
        }
        if fields.contains(where: { $0.storage.column != .none }) {
            try output.write(.cols) { file in
                for index in fields.indices { try mergeColumn(index, into: file) }
            }
        }
        if fields.contains(where: \.storage.points) {
            try output.write(.pnts) { file in
                for index in fields.indices where fields[index].storage.points {
                    try mergePoints(index, into: file)
                }
            }
        }
        // Nested documents have neither sources nor ids.
        let owners = output.id.isNested ? [] : sources
        try output.write(.stor) { file in try mergeStored(of: owners, into: file) }
        try output.write(.iden) { file in
            info.identity = try IdentityWriter.write(
                MergedIdentities(
                    sources: owners, maps: maps, docCount: owners.isEmpty ? 0 : docCount),
                into: file)
        }
        return try output.finish(info)
    }

    private func norms(of field: MergedField) -> NormsBuffer {
        var buffer = NormsBuffer(hasNorms: field.storage.norms)
        for part in field.parts {
            let map = maps[part.source]
            part.field.norms?.forEach { doc, length, norm in
                guard let new = map.newNumber(of: doc) else { return }
                buffer.append(doc: UInt32(new), length: Int32(length), norm: norm)
            }
        }
        return buffer
    }

    private mutating func mergeNorms(_ index: Int, into file: SegmentFileWriter) throws {
        let buffer = norms(of: fields[index])
        for length in buffer.lengths { info.fields[index].statistics.add(length: Int(length)) }
        info.fields[index].norms = try buffer.write(docCount: docCount, into: file)
        try output.checkpoint()
    }

    private func mergeInverted(_ inverted: [Int]) throws {
        let files = try SegmentFormat.Kind.inverted.map { try output.begin($0) }
        let writer = InvertedWriter(terms: files[0], postings: files[1], positions: files[2])
        for index in inverted {
            let field = fields[index]
            guard let detail = PostingsDetail(field.storage.postings) else { continue }
            var written = files.reduce(0) { $0 + $1.byteOffset }
            var refusal: (any Error)?
            try PostingsMerger.merge(
                field.parts.compactMap { part in
                    part.field.postings.map {
                        PostingsMerger.Source(
                            field: $0, base: DocNumber(maps[part.source].base),
                            map: maps[part.source].numbers)
                    }
                },
                name: field.name, detail: detail,
                docCount: Int(info.fields[index].statistics.docCount),
                norms: field.storage.norms ? norms(of: field).denseNorms(docCount: docCount) : nil,
                to: writer,
                isCancelled: {
                    let now = files.reduce(0) { $0 + $1.byteOffset }
                    do { try output.checkpoint(byteCount: now - written) } catch {
                        refusal = error
                    }
                    written = now
                    return refusal != nil
                })
            if let refusal { throw refusal }
        }
        try writer.finish()
        for (file, kind) in zip(files, SegmentFormat.Kind.inverted) {
            try output.finish(file, kind)
        }
    }

    private mutating func mergeColumn(_ index: Int, into file: SegmentFileWriter) throws {
        let field = fields[index]
        switch field.storage.column {
        case .none: return
        case .number:
            var buffer = NumberColumnBuffer()
            for part in field.parts {
                let map = maps[part.source]
                guard let column = part.field.numbers else { continue }
                column.forEach { doc, range in
                    guard let new = map.newNumber(of: doc) else { return }
                    for place in range {
                        buffer.append(doc: UInt32(new), column.numbers.value(at: place))
                    }
                }
            }
            info.fields[index].numbers = try buffer.write(docCount: docCount, into: file)
        case .bytes:
            info.fields[index].bytes = try mergeBytes(field, into: file)
        }
        try output.checkpoint()
    }

    /// The dictionaries are joined string by string; strings that only dead documents had are
    /// left out.
    private func mergeBytes(
        _ field: MergedField, into file: SegmentFileWriter
    ) throws -> BytesColumnPlace {
        let columns = field.parts.compactMap { part in
            part.field.bytes.map { (column: $0, map: maps[part.source]) }
        }
        var place = BytesColumnPlace()
        var dictionary = BytesDictionaryWriter()
        var newOrdinals = columns.map { [Int64](repeating: -1, count: $0.column.dictionary.count) }
        for (index, part) in columns.enumerated() {
            part.column.ordinals.forEach { doc, range in
                guard part.map.newNumber(of: doc) != nil else { return }
                for at in range { newOrdinals[index][part.column.ordinal(at: at)] = 0 }
            }
        }
        var cursors = columns.map { DictionaryCursor($0.column.dictionary) }
        var next: Int64 = 0
        while let least = cursors.compactMap(\.current).min(by: { $0.lexicographicallyPrecedes($1) }
        ) {
            var isUsed = false
            for index in cursors.indices where cursors[index].current == least {
                if newOrdinals[index][cursors[index].ordinal] == 0 {
                    newOrdinals[index][cursors[index].ordinal] = next
                    isUsed = true
                }
                cursors[index].advance()
            }
            if isUsed {
                dictionary.append(least)
                next += 1
            }
        }
        place.dictionary = try dictionary.finish(into: file)
        var ordinals = NumberColumnBuffer()
        for (index, part) in columns.enumerated() {
            part.column.ordinals.forEach { doc, range in
                guard let new = part.map.newNumber(of: doc) else { return }
                for at in range {
                    let old = part.column.ordinal(at: at)
                    ordinals.append(doc: UInt32(new), newOrdinals[index][old])
                }
            }
        }
        place.ordinals = try ordinals.write(docCount: docCount, into: file)
        return place
    }

    private mutating func mergePoints(_ index: Int, into file: SegmentFileWriter) throws {
        var sorter = PointsSorter()
        for part in fields[index].parts {
            let map = maps[part.source]
            part.field.points?.forEach { number, doc in
                if let new = map.newNumber(of: doc) { sorter.append(number, doc: UInt32(new)) }
            }
        }
        let points = sorter.sorted()
        info.fields[index].points = try PointsPlace.write(
            numbers: points.numbers, docs: points.docs, into: file)
        try output.checkpoint()
    }

    /// Blocks whose documents all live are copied as they are, unless they are small.
    private mutating func mergeStored(
        of sources: [SegmentView], into file: SegmentFileWriter
    ) throws {
        var writer = StoredWriter()
        var paced = file.byteOffset
        for (source, map) in zip(sources, maps) {
            let stored = source.reader.stored
            for block in 0..<stored.blockCount {
                let docs = stored.docs(ofBlock: block)
                let packed = unsafe stored.packedBlock(block)
                let allLive = docs.allSatisfy { map.newNumber(of: $0) != nil }
                if allLive, packed.count >= StoredFormat.blockByteCount / 8 {
                    unsafe writer.append(packedBlock: packed, docCount: docs.count)
                } else {
                    let unpacked = try stored.block(block)
                    for doc in docs where map.newNumber(of: doc) != nil {
                        writer.append(unpacked.source(at: doc - docs.lowerBound))
                    }
                }
                if writer.memoryByteCount > 1 << 20 {
                    try writer.drain(into: file)
                    try output.checkpoint(byteCount: file.byteOffset - paced)
                    paced = file.byteOffset
                }
            }
        }
        info.stored = try writer.finish(into: file)
    }
}

/// Goes through a dictionary in order, sixteen strings at a time.
struct DictionaryCursor {
    private let dictionary: BytesDictionary
    private var window: [[UInt8]] = []
    private var windowStart = 0
    private(set) var ordinal = 0

    init(_ dictionary: BytesDictionary) {
        self.dictionary = dictionary
        fill()
    }

    /// Nil at the end.
    var current: [UInt8]? {
        ordinal - windowStart < window.count ? window[ordinal - windowStart] : nil
    }

    mutating func advance() {
        ordinal += 1
        if ordinal - windowStart >= window.count { fill() }
    }

    private mutating func fill() {
        windowStart = ordinal
        window.removeAll(keepingCapacity: true)
        guard ordinal < dictionary.count else { return }
        dictionary.forEach(from: ordinal) { _, bytes in
            window.append(bytes)
            return window.count < BytesDictionaryPlace.blockLength
        }
    }
}
