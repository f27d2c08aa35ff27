internal import Testing
internal import TrawlBytes
internal import TrawlDocument
internal import TrawlErrors
internal import TrawlFiles
internal import TrawlIndex
internal import TrawlJSON
internal import TrawlLog
internal import TrawlSegment
internal import TrawlShard
internal import TrawlTestKit

/// Short ways to say what tests of a shard say often.
struct ShardHarness {
    static func open(
        _ store: any FileStore, schema: MemorySchema = MemorySchema()
    ) throws -> Shard {
        var options = Shard.Options()
        options.log.fileByteCount = 4000
        options.log.freeWatermark = 0
        return try Shard.open(
            store, schema: schema, options: options, syncer: LogSyncer(), identity: 1)
    }

    static func index(
        _ id: String, _ source: JSONValue, if condition: Change.Condition = .none,
        request: String? = nil
    ) -> Change {
        Change(
            id: DocumentID(id), operation: .index(source: source.serialized()),
            condition: condition, requestID: request)
    }

    static func create(_ id: String, _ source: JSONValue) -> Change {
        Change(id: DocumentID(id), operation: .create(source: source.serialized()))
    }

    static func delete(_ id: String, if condition: Change.Condition = .none) -> Change {
        Change(id: DocumentID(id), operation: .delete, condition: condition)
    }

    static func update(_ id: String, _ body: JSONValue) -> Change {
        Change(id: DocumentID(id), operation: .update(.init(body: body.serialized())))
    }

    static func source(_ shard: Shard, _ id: String) throws -> JSONValue? {
        try shard.get(DocumentID(id)).map { try JSONValue.parse($0.source) }
    }
}

extension Shard {
    func outcomes(_ changes: [Change]) throws -> [ChangeOutcome] {
        try write(changes).map(\.outcome)
    }

    func outcome(_ change: Change) throws -> ChangeOutcome { try outcomes([change])[0] }
}

@Suite("Shard")
struct ShardTests {
    private typealias H = ShardHarness

    @Test("what is written is read at once, and searched after a refresh")
    func readYourWrites() throws {
        let shard = try H.open(MemoryFileStore())
        let results = try shard.write([H.index("1", ["title": "a"]), H.index("2", ["n": 2])])
        #expect(results.map(\.outcome) == [.created(version: 1), .created(version: 1)])
        #expect(results.map(\.offset) == [0, 1])
        #expect(results.map(\.epoch) == [1, 1])
        let found = try #require(try shard.get(DocumentID("2")))
        #expect(found.facts.sequence == 1 && found.facts.version == 1 && found.facts.epoch == 1)
        #expect(shard.snapshot().liveCount == 0)
        #expect(!shard.waitUntilVisible(1, timeout: .milliseconds(1)))
        try shard.refresh()
        #expect(shard.snapshot().liveCount == 2)
        #expect(shard.waitUntilVisible(1, timeout: .milliseconds(1)))
        #expect(try shard.get(DocumentID("3")) == nil)
    }

    @Test("versions count from one, go on after a delete, and every answer says what happened")
    func versions() throws {
        let shard = try H.open(MemoryFileStore())
        #expect(
            try shard.outcomes([
                H.index("1", ["a": 1]), H.index("1", ["a": 2]), H.delete("1"), H.delete("1"),
                H.index("1", ["a": 3]), H.delete("none"),
            ]) == [
                .created(version: 1), .updated(version: 2), .deleted(version: 3),
                .notFound(version: 4), .created(version: 5), .notFound(version: 1),
            ])
    }

    @Test("conditions are decided in the order of the log, in the words of the API")
    func conditions() throws {
        let shard = try H.open(MemoryFileStore())
        _ = try shard.write([H.index("1", ["a": 1])])
        #expect(
            try shard.outcome(H.create("1", ["a": 2]))
                == .conflict(
                    reason: "[1]: version conflict, document already exists (current version [1])"))
        #expect(
            try shard.outcome(H.index("1", ["a": 2], if: .sequence(offset: 5, epoch: 1)))
                == .conflict(
                    reason: "[1]: version conflict, required seqNo [5], primary term [1]. current "
                        + "document has seqNo [0] and primary term [1]"))
        #expect(
            try shard.outcome(H.index("1", ["a": 2], if: .sequence(offset: 0, epoch: 1)))
                == .updated(version: 2))
        #expect(
            try shard.outcome(H.index("1", ["a": 3], if: .external(version: 2)))
                == .conflict(
                    reason: "[1]: version conflict, current version [2] is higher or equal to the "
                        + "one provided [2]"))
        #expect(
            try shard.outcome(H.index("1", ["a": 3], if: .external(version: 7)))
                == .updated(version: 7))
        #expect(
            try shard.outcome(H.index("1", ["a": 3], if: .externalOrEqual(version: 7)))
                == .updated(version: 7))
        #expect(
            try shard.outcome(H.delete("1", if: .external(version: 9))) == .deleted(version: 9))
        guard case .conflict = try shard.outcome(H.index("1", [:], if: .external(version: 8)))
        else { throw Failure() }
        guard
            case .conflict = try shard.outcome(
                H.delete("x", if: .sequence(offset: 1, epoch: 1)))
        else { throw Failure() }
        // What is hopeless is not appended: offsets go on without holes.
        #expect(try shard.write([H.index("2", [:])])[0].offset == 5)
        // Within one call, the second is decided after the first.
        let both = try shard.outcomes([H.create("3", [:]), H.create("3", [:])])
        #expect(both[0] == .created(version: 1))
        guard case .conflict = both[1] else { throw Failure() }
    }

    struct Failure: Error {}

    @Test("a partial update merges objects, notices that nothing changes, and upserts")
    func updates() throws {
        let shard = try H.open(MemoryFileStore())
        let missing = try shard.write([H.update("1", ["doc": ["a": 1]])])[0]
        #expect(
            missing.outcome
                == .failed(
                    type: "document_missing_exception", reason: "[1]: document missing"))
        #expect(
            try shard.outcome(H.update("1", ["doc": ["a": 1], "upsert": ["o": ["x": 1, "y": 2]]]))
                == .created(version: 1))
        #expect(
            try shard.outcome(H.update("1", ["doc": ["o": ["y": 3, "z": [1]], "b": nil]]))
                == .updated(version: 2))
        #expect(
            try H.source(shard, "1") == ["o": ["x": 1, "y": 3, "z": [1]], "b": nil])
        #expect(
            try shard.outcome(H.update("1", ["doc": ["o": ["y": 3]]]))
                == .noop(version: 2, offset: 1))
        #expect(
            try shard.outcome(H.update("1", ["doc": ["o": ["y": 3]], "detect_noop": false]))
                == .updated(version: 3))
        #expect(
            try shard.outcome(H.update("2", ["doc": ["a": 1], "doc_as_upsert": true]))
                == .created(version: 1))
        // Two in one call: the second sees the first.
        #expect(
            try shard.outcomes([
                H.index("3", ["n": 1]),
                H.update("3", ["script": "ctx._source.n += 1"]),
                H.update(
                    "3",
                    [
                        "script": [
                            "source": "ctx._source.n *= params.by",
                            "params": ["by": 10],
                        ]
                    ]),
            ]) == [.created(version: 1), .updated(version: 2), .updated(version: 3)])
        #expect(try H.source(shard, "3") == ["n": 20])
        #expect(
            try shard.outcome(H.update("3", ["script": "ctx.op = 'delete'"]))
                == .deleted(version: 4))
        #expect(
            try shard.outcome(
                H.update(
                    "4",
                    [
                        "script": "ctx._source.n = 7; ctx._source.isNew = ctx.op == 'create'",
                        "upsert": [:], "scripted_upsert": true,
                    ])) == .created(version: 1))
        #expect(try H.source(shard, "4") == ["n": 7, "isNew": true])
    }

    @Test("a document that does not fit is refused and nothing is appended")
    func refused() throws {
        let shard = try H.open(MemoryFileStore())
        _ = try shard.write([H.index("1", ["n": 1])])
        let result = try shard.write([H.index("2", ["n": "no number"]), H.index("3", ["n": 3])])
        guard case .failed(let type, _) = result[0].outcome else { throw Failure() }
        #expect(type == "mapper_parsing_exception")
        #expect(result[0].error != nil)
        #expect(result[1].offset == 1)
        #expect(shard.letters.count == 0)
        let broken = Change(id: DocumentID("4"), operation: .index(source: Array("{".utf8)))
        guard case .failed = try shard.outcome(broken) else { throw Failure() }
    }

    @Test("a change that fails only when it is applied goes to the dead letters, once")
    func letters() throws {
        let memory = MemoryFileStore()
        let shard = try H.open(memory)
        let results = try shard.write([
            H.index("1", ["n": 1]), H.update("1", ["script": "ctx._source.n.x.y = 1"]),
            H.index("2", ["n": 2]),
        ])
        guard case .failed(let type, _) = results[1].outcome else { throw Failure() }
        #expect(type == "illegal_argument_exception")
        #expect(results[2].outcome == .created(version: 1))
        let letter = try #require(try shard.letters.list().first)
        #expect(letter.offset == 1 && letter.type == type)
        #expect(try ChangeCodec.change(of: letter.record).id == DocumentID("1"))
        // A replay from zero comes by again and does not write it twice.
        memory.disk.cutPower()
        let again = try H.open(memory)
        #expect(again.letters.count == 1)
        #expect(again.digest == shard.digest)
    }

    @Test("a request that comes again gets the same answer and changes nothing, also after opening")
    func requests() throws {
        let memory = MemoryFileStore()
        let shard = try H.open(memory)
        let first = try shard.write([H.index("1", ["a": 1], request: "r1")])
        _ = try shard.write([H.index("1", ["a": 2])])
        #expect(try shard.write([H.index("1", ["a": 1], request: "r1")]) == first)
        #expect(try H.source(shard, "1") == ["a": 2])
        try shard.close()
        let again = try H.open(memory)
        #expect(try again.write([H.index("1", ["a": 1], request: "r1")]) == first)
        #expect(try H.source(again, "1") == ["a": 2])
    }

    @Test("a stream of a primary store that is read again from earlier does nothing twice")
    func origins() throws {
        let store = MemoryFileStore()
        var shard = try H.open(store)
        func change(_ id: String, _ n: Int?, at position: UInt64?, _ index: UInt64 = 0) -> Change {
            var change =
                n.map { H.index(id, ["n": .init($0)]) } ?? H.delete(id)
            let place = position.map { ChangeOrigin.Place(position: $0, index: index) }
            change.origin = ChangeOrigin(source: "shop/1", place: place).text
            return change
        }
        let stream = [
            change("1", 1, at: 10, 0), change("1", 2, at: 10, 1), change("1", nil, at: 11),
            change("2", 1, at: 300),
        ]
        #expect(
            try shard.outcomes(stream) == [
                .created(version: 1), .updated(version: 2), .deleted(version: 3),
                .created(version: 1),
            ])
        try shard.commit()
        for _ in 0..<2 {
            let digest = shard.digest
            #expect(
                try shard.outcomes(stream).allSatisfy {
                    if case .noop = $0 { true } else { false }
                })
            #expect(try shard.get(DocumentID("1")) == nil)
            #expect(shard.digest == digest)
            try shard.close()
            shard = try H.open(store)
        }
        // A state without a place: what is there already is not written again.
        #expect(try shard.outcome(change("2", 1, at: nil)) == .noop(version: 1, offset: 3))
        #expect(try shard.outcome(change("2", 5, at: nil)) == .updated(version: 2))
        // Another store's places are its own, and later ones are applied.
        var other = change("3", 1, at: 1)
        other.origin = ChangeOrigin(source: "a@b", place: .init(position: 1, index: 0)).text
        #expect(try shard.outcome(other) == .created(version: 1))
        #expect(try shard.outcome(change("2", 6, at: 300, 1)) == .updated(version: 3))
        #expect(ChangeOrigin(other.origin!)?.source == "a@b")
    }

    @Test("opening is the newest commit and the log from there; the log lets go of what is in it")
    func recovery() throws {
        let memory = MemoryFileStore()
        let schema = MemorySchema()
        let shard = try H.open(memory, schema: schema)
        for i in 0..<200 { _ = try shard.write([H.index("\(i % 50)", ["n": JSONValue(i)])]) }
        try shard.commit()
        #expect(shard.log.startOffset == 200)
        for i in 200..<300 { _ = try shard.write([H.index("\(i % 50)", ["n": JSONValue(i)])]) }
        memory.disk.cutPower()
        let again = try H.open(memory, schema: schema)
        #expect(again.digest == shard.digest)
        #expect(again.figures.committed == 200 && again.appliedEnd == 300)
        #expect(again.snapshot().liveCount == 50)
        #expect(try H.source(again, "7") == ["n": 257])
        #expect(try again.get(DocumentID("7"))?.facts.version == 6)
    }

    @Test("an index with a foreign log, or ahead of its log, is not opened")
    func foreign() throws {
        let memory = MemoryFileStore()
        let shard = try H.open(memory)
        _ = try shard.write([H.index("1", [:])])
        try shard.close()
        try memory.removeDirectory("log")
        let error = #expect(throws: ShardError.self) { try H.open(memory) }
        #expect(error?.code == "foreign_log" && error?.kind == .corrupted)
    }

    @Test("the schedule refreshes and commits when it is due and not before")
    func schedule() throws {
        let clock = ManualClock(at: .seconds(100))
        let shard = try H.open(MemoryFileStore())
        try shard.tick(at: clock.now)
        _ = try shard.write([H.index("1", [:])])
        clock.advance(by: .milliseconds(500))
        try shard.tick(at: clock.now)
        #expect(shard.snapshot().liveCount == 0)
        clock.advance(by: .milliseconds(500))
        try shard.tick(at: clock.now)
        #expect(shard.snapshot().liveCount == 1)
        clock.advance(by: .seconds(60))
        try shard.tick(at: clock.now)
        #expect(shard.figures.committed == 1)
    }
}
