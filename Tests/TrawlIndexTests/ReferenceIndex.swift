import Testing
import TrawlBytes
import TrawlFiles
import TrawlIndex
import TrawlSchema
import TrawlSegment
import TrawlTestKit

/// A document of the tests: a few words, a tag, a number.
struct TestDocument: Equatable {
    var id: String
    var words: [String]
    var number: Int64
    var facts: DocumentFacts

    static let fields: FieldTable = {
        var table = FieldTable()
        table.append("body", .text)
        table.append("tag", .keyword)
        table.append("number", .number)
        table.append("inner", .text)
        return table
    }()

    static let vocabulary = (0..<25).map { "word\($0 * $0)" }

    static func random(
        id: String, sequence: Int64, version: Int64, using random: inout SplitMix64
    ) -> TestDocument {
        TestDocument(
            id: id,
            words: (0..<Int.random(in: 0...12, using: &random)).map { _ in
                vocabulary.randomElement(using: &random)!
            },
            number: Int64.random(in: 0..<100, using: &random),
            facts: DocumentFacts(
                sequence: sequence, epoch: 1, version: version, stamp: UInt64(sequence),
                digest: StableHash.hash128("\(id) \(sequence)")))
    }

    var source: [UInt8] { Array("{\"id\":\"\(id)\",\"words\":\(words),\"n\":\(number)}".utf8) }

    var parsed: ParsedDocument {
        var document = ParsedDocument()
        document.id = id
        document.source = source
        for (position, word) in words.enumerated() {
            document.occurrences.append(
                ParsedDocument.Occurrence(
                    termStart: Int32(document.bytes.count),
                    termByteCount: Int32(word.utf8.count), position: Int32(position),
                    startByteOffset: 0, endByteOffset: 0))
            document.bytes.append(contentsOf: word.utf8)
        }
        document.terms = [
            ParsedDocument.Terms(
                field: FieldNumber(0), occurrences: 0..<words.count, length: Int32(words.count))
        ]
        let tag = Array("t\(number % 7)".utf8)
        document.occurrences.append(
            ParsedDocument.Occurrence(
                termStart: Int32(document.bytes.count), termByteCount: Int32(tag.count),
                position: 0, startByteOffset: 0, endByteOffset: 0))
        document.terms.append(
            ParsedDocument.Terms(
                field: FieldNumber(1), occurrences: words.count..<words.count + 1, length: 1))
        document.values = [
            ParsedDocument.Value(
                field: FieldNumber(1), start: Int32(document.bytes.count),
                byteCount: Int32(tag.count))
        ]
        document.bytes += tag
        document.numbers = [ParsedDocument.Number(field: FieldNumber(2), value: number)]
        document.nested = objects.enumerated().map { place, words in
            var inner = ParsedDocument()
            for (position, word) in words.enumerated() {
                inner.occurrences.append(
                    ParsedDocument.Occurrence(
                        termStart: Int32(inner.bytes.count),
                        termByteCount: Int32(word.utf8.count), position: Int32(position),
                        startByteOffset: 0, endByteOffset: 0))
                inner.bytes.append(contentsOf: word.utf8)
            }
            inner.terms = [
                ParsedDocument.Terms(
                    field: FieldNumber(3), occurrences: 0..<words.count,
                    length: Int32(words.count))
            ]
            inner.numbers = [
                ParsedDocument.Number(field: FieldNumber(2), value: number + Int64(place))
            ]
            // Every other object is within the one before.
            return .init(
                path: place % 2 == 0 ? "o" : "o.p", parent: place % 2 == 0 ? nil : place - 1,
                document: inner)
        }
        return document
    }

    /// Words of the objects within: none for two documents of five.
    var objects: [[String]] {
        guard number % 5 < 3, !words.isEmpty else { return [] }
        return (0..<Int(number % 4)).map { Array(words.prefix(1 + $0)) }
    }
}

/// What an index has to hold: the living documents in the order of ingestion.
struct ReferenceIndex: Equatable {
    private(set) var documents: [TestDocument] = []

    mutating func put(_ document: TestDocument) -> DocumentFacts? {
        let replaced = delete(document.id)
        documents.append(document)
        return replaced
    }

    mutating func delete(_ id: String) -> DocumentFacts? {
        guard let index = documents.firstIndex(where: { $0.id == id }) else { return nil }
        return documents.remove(at: index).facts
    }

    /// Everything that a snapshot says must be what the documents say.
    func expect(_ snapshot: Snapshot, _ context: Comment? = nil) throws {
        #expect(snapshot.liveCount == documents.count, context)
        var found: [(String, DocumentFacts, [UInt8])] = []
        for segment in snapshot.segments {
            for doc in 0..<segment.docCount where segment.isLive(doc) {
                found.append(
                    (
                        segment.reader.identity.id(of: doc),
                        segment.reader.identity.facts(of: doc), try segment.reader.source(of: doc)
                    ))
            }
        }
        #expect(found.map(\.0) == documents.map(\.id), context)
        #expect(found.map(\.1) == documents.map(\.facts), context)
        #expect(found.map(\.2) == documents.map(\.source), context)
        let body = FieldStatistics(
            docCount: Int64(documents.filter { !$0.words.isEmpty }.count),
            totalLength: Int64(documents.reduce(0) { $0 + $1.words.count }))
        #expect(snapshot.statistics(of: "body") == body, context)
        let objects = documents.flatMap(\.objects)
        let inner = FieldStatistics(
            docCount: Int64(objects.count), totalLength: Int64(objects.reduce(0) { $0 + $1.count }))
        #expect(snapshot.statistics(of: "inner") == inner, context)
        for word in TestDocument.vocabulary.prefix(8) {
            let count = documents.filter { $0.words.contains(word) }.count
            let term = Array(word.utf8)
            let within = objects.count { $0.contains(word) }
            #expect(try snapshot.docFrequency(of: term, in: "inner") == within, context)
            #expect(try snapshot.docFrequency(of: term, in: "body") == count, context)
        }
        for document in documents.prefix(20) {
            let place = try #require(snapshot.document(forID: document.id))
            let segment = snapshot[place]
            let numbers = segment.field("number")?.numbers?.values(of: place.doc)
            #expect(numbers == [document.number], context)
            let tags = segment.field("tag")?.bytes?.values(of: place.doc)
            #expect(tags == [Array("t\(document.number % 7)".utf8)], context)
            let range = segment.reader.blocks.range(of: place.doc)
            #expect(range.count == document.objects.count, context)
            for (index, nested) in range.enumerated() {
                let view = try #require(segment.nested)
                let tree = NestedTree(view.reader)
                #expect(view.isLive(nested), context)
                #expect(tree.path(of: nested) == (index % 2 == 0 ? "o" : "o.p"), context)
                #expect(tree.parent(of: nested) == (index % 2 == 0 ? nil : nested - 1), context)
                #expect(tree.offset(of: nested) == (index % 2 == 0 ? index / 2 : 0), context)
                let values = view.field("number")?.numbers?.values(of: nested)
                #expect(values == [document.number + Int64(index)], context)
                let norm = view.field("inner")?.norms?.norm(of: nested)
                #expect(norm == UInt8(document.objects[index].count), context)
            }
            let norm = segment.field("body")?.norms?.norm(of: place.doc)
            #expect(norm == UInt8(document.words.count), context)
        }
    }
}

/// Random changes to an index and to the model beside it.
struct RandomChanges {
    var random: SplitMix64
    var model = ReferenceIndex()
    /// What the last commit that was acknowledged held, and one that may or may not have come
    /// through.
    var committed = ReferenceIndex()
    var pending: ReferenceIndex?
    /// What the last refresh showed.
    var visible = ReferenceIndex()
    var sequence: Int64 = 0
    let idCount: Int
    let weights: [Int]

    init(_ random: SplitMix64) {
        self.random = random
        idCount = Int.random(in: 0..<4, using: &self.random) == 0 ? 5000 : 60
        // Some operations never come up in some rounds.
        weights = [
            30, Int.random(in: 0...12, using: &self.random),
            Int.random(in: 0...6, using: &self.random),
            Int.random(in: 0...3, using: &self.random),
            Int.random(in: 0...4, using: &self.random), 1,
        ]
    }

    var options = IndexWriter.Options(
        bufferByteCount: 600_000,
        mergePolicy: AdjacentMergePolicy(factor: 3, floorByteCount: 4096))

    /// One operation. What the model says changes only when the writer took it.
    mutating func step(_ writer: IndexWriter) throws {
        var draw = Int.random(in: 0..<weights.reduce(0, +), using: &random)
        let choice = weights.firstIndex { weight in
            draw -= weight
            return draw < 0
        }!
        switch choice {
        case 0:
            let id = "id\(Int.random(in: 0..<idCount, using: &random))"
            let version = (writer.facts(forID: id)?.version ?? 0) + 1
            let document = TestDocument.random(
                id: id, sequence: sequence, version: version, using: &random)
            sequence += 1
            // A put that cannot flush has been taken all the same.
            let expected = model.put(document)
            let replaced = try writer.put(
                document.parsed, document.facts, fields: TestDocument.fields)
            #expect(replaced == expected)
        case 1:
            let id = "id\(Int.random(in: 0..<idCount, using: &random))"
            let expected = model.delete(id)
            #expect(try writer.delete(id: id) == expected)
        case 2:
            let snapshot = try writer.refresh()
            visible = model
            try visible.expect(snapshot)
        case 3:
            pending = model
            try writer.commit(payload: payload)
            committed = model
            pending = nil
        case 4:
            _ = try writer.mergeOnce()
        default:
            if Bool.random(using: &random) {
                try writer.forceMerge(to: Int.random(in: 1...3, using: &random))
            } else {
                try writer.expungeDeletes()
            }
        }
    }

    var payload: [UInt8] { Array("\(sequence)".utf8) }
}
