internal import Glibc
internal import TrawlFiles
internal import TrawlPostings
internal import TrawlSearch
internal import TrawlSegment

/// `trawl bench serve`: answers the queries of the field's benchmark, timed.
enum BenchServe {
    static let command = Command(
        name: "serve", summary: "Answer \"COMMAND<TAB>query\" lines with counts and nanoseconds.",
        operands: "DIR", operandCount: 1...1,
        details: """
            For each line of standard input one line: the count, a tab, nanoseconds of search as \
            CPU time of the thread (BENCH_CLOCK=wall: of the clock). Commands: COUNT, TOP_n and \
            TOP_n_COUNT. Words are optional, +required, -excluded, "a phrase".
            """,
        examples: ["printf 'TOP_10\\tdata privacy\\n' | trawl bench serve /tmp/index"]
    ) { arguments, output in
        let server = try BenchSearcher(directory: arguments.operands[0])
        let clock = unsafe getenv("BENCH_CLOCK").map { unsafe String(cString: $0) } == "wall"
        var queries: [String: BenchQuery] = [:]
        var answers = ""
        while let line = readLine() {
            guard let tab = line.firstIndex(of: "\t") else { continue }
            let command = String(line[..<tab])
            let text = String(line[line.index(after: tab)...])
            let query = queries[text] ?? BenchQuery(text)
            queries[text] = query
            guard let task = BenchTask(command) else {
                output.line("UNSUPPORTED")
                continue
            }
            let started = nanoseconds(clock ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID)
            let count = try server.run(task, query)
            let ended = nanoseconds(clock ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID)
            answers += "\(count)\t\(ended - started)\n"
            if answers.utf8.count > 4000 || !moreInput() {
                write(answers)
                answers = ""
            }
        }
        write(answers)
        return .success
    }

    /// Whether another line can be read without waiting.
    private static func moreInput() -> Bool {
        var poll = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
        return unsafe Glibc.poll(&poll, 1, 0) > 0
    }

    private static func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let written = unsafe Glibc.write(1, bytes.baseAddress! + done, bytes.count - done)
                if written <= 0 { return }
                done += written
            }
        }
    }

    private static func nanoseconds(_ clock: clockid_t) -> Int {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}

/// `COUNT`, `TOP_10`, `TOP_10_COUNT`.
struct BenchTask {
    var limit = 0
    var counts = false

    init?(_ name: String) {
        let parts = name.split(separator: "_")
        counts = parts.last == "COUNT"
        if name == "COUNT" { return }
        guard parts.first == "TOP", parts.count >= 2, let limit = Int(parts[1]) else { return nil }
        self.limit = limit
    }
}

/// A parsed query: clauses of one word or a phrase.
struct BenchQuery {
    enum Occur { case must, should, mustNot }
    /// Words of all clauses, and which of them are whose.
    var words: [[UInt8]] = []
    var clauses: [(occur: Occur, words: Range<Int>)] = []

    init(_ text: String) {
        var rest = Substring(text)
        while let first = rest.first {
            if first == " " {
                rest.removeFirst()
                continue
            }
            var occur = Occur.should
            if first == "+" || first == "-" {
                occur = first == "+" ? .must : .mustNot
                rest.removeFirst()
            }
            let part: Substring
            if rest.first == "\"" {
                rest.removeFirst()
                part = rest.prefix { $0 != "\"" }
                rest = rest.dropFirst(part.count + 1)
            } else {
                part = rest.prefix { $0 != " " }
                rest = rest.dropFirst(part.count)
            }
            let first = words.count
            words += BenchWords.words(of: String(part))
            if words.count > first { clauses.append((occur, first..<words.count)) }
        }
    }
}

/// The segments of a directory, searched one after the other with one queue.
struct BenchSearcher {
    private final class Part {
        let docCount: Int
        let postings: FieldPostings
        let norms: NormBytes
        let base: UInt32

        init(docCount: Int, postings: FieldPostings, norms: NormBytes, base: UInt32) {
            self.docCount = docCount
            self.postings = postings
            self.norms = norms
            self.base = base
        }
    }

    private var parts: [Part] = []
    private let dictionaries: [FieldPostings?]
    private let scoring: FieldScoring
    private let room = SearchRoom()

    init(directory: String) throws {
        let store = try PosixFileStore(directory)
        let ids = Set(try store.list().compactMap { SegmentFormat.owner(ofFileNamed: $0) })
        var statistics = FieldStatistics()
        var base: UInt32 = 0
        for id in ids.sorted(by: { $0.number < $1.number }) {
            let reader = try SegmentReader(id, in: store)
            let view = SegmentView(reader, live: nil)
            if let field = reader.field("body"), let postings = field.postings,
                let norms = field.norms
            {
                let bytes: NormBytes
                if let dense = unsafe norms.denseNorms {
                    bytes = unsafe NormBytes(dense, owner: reader)
                } else {
                    bytes = NormBytes(copying: (0..<reader.docCount).map { norms.norm(of: $0) })
                }
                statistics = statistics + view.statistics(of: field)
                parts.append(
                    Part(
                        docCount: reader.docCount, postings: postings, norms: bytes, base: base))
            }
            base += UInt32(reader.docCount)
        }
        scoring = FieldScoring(BM25(), statistics)
        dictionaries = parts.map(\.postings)
    }

    func run(_ task: BenchTask, _ query: BenchQuery) throws -> Int {
        // Document frequencies over all segments first: they are part of the score.
        let entries = try TermsLookup.find(query.words, in: dictionaries)
        let weights = task.limit > 0 ? weights(query, entries) : []
        var queue = TopKQueue(limit: task.limit)
        var count = 0
        for (index, part) in parts.enumerated() {
            let first = index * query.words.count
            guard
                let matcher = try matcher(
                    query, part, entries[first..<first + query.words.count], weights)
            else { continue }
            let search = unsafe SegmentSearch(
                matcher, docLimit: part.docCount, base: part.base, room: room)
            if task.limit == 0 {
                count += try search.count()
            } else if task.counts {
                count += try search.collectAndCount(into: &queue)
            } else {
                try search.collect(into: &queue)
            }
        }
        if task.limit == 0 { return count }
        let hits = queue.sorted()
        return task.counts ? count : hits.count
    }

    /// Of each clause.
    private func weights(_ query: BenchQuery, _ entries: [TermEntry?]) -> [Float] {
        let idfs = query.words.indices.map { word in
            var frequency = 0
            for place in stride(from: word, to: entries.count, by: query.words.count) {
                frequency += entries[place]?.docCount ?? 0
            }
            return BM25.idf(
                docCount: Int(scoring.statistics.docCount), documentFrequency: frequency)
        }
        return query.clauses.map { clause in
            clause.words.count == 1
                ? idfs[clause.words.lowerBound]
                : PhraseMatcher.weight(idfs: Array(idfs[clause.words]), boost: 1)
        }
    }

    private func matcher(
        _ query: BenchQuery, _ part: Part, _ entries: ArraySlice<TermEntry?>, _ weights: [Float]
    ) throws -> Matcher? {
        if query.clauses.count == 1, query.clauses[0].occur != .mustNot {
            return try atom(query.clauses[0].words, entries, weights.first ?? 0, part)
        }
        var must: [Matcher] = []
        var should: [Matcher] = []
        var mustNot: [Matcher] = []
        for (i, clause) in query.clauses.enumerated() {
            let weight = weights.isEmpty ? 0 : weights[i]
            let atom = try atom(clause.words, entries, weight, part)
            switch (clause.occur, atom) {
            case (.must, nil): return nil
            case (.must, let atom?): must.append(atom)
            case (.should, let atom?): should.append(atom)
            case (.mustNot, let atom?): mustNot.append(atom)
            case (_, nil): break
            }
        }
        if must.isEmpty, should.isEmpty { return nil }
        if must.count + should.count == 1, mustNot.isEmpty { return must.first ?? should.first }
        return BooleanMatcher(must: must, should: should, mustNot: mustNot)
    }

    /// A word, or a phrase; nil when a word is nowhere.
    private func atom(
        _ words: Range<Int>, _ entries: ArraySlice<TermEntry?>, _ weight: Float, _ part: Part
    ) throws -> Matcher? {
        let first = entries.startIndex
        if words.count == 1 {
            guard let entry = entries[first + words.lowerBound] else { return nil }
            return TermMatcher(
                try part.postings.open(entry), norms: part.norms, scoring: scoring,
                weight: weight)
        }
        for word in words where entries[first + word] == nil { return nil }
        var slots: [PhraseMatcher.Slot] = []
        slots.reserveCapacity(words.count)
        for word in words {
            guard let entry = entries[first + word] else { return nil }
            slots.append(
                .init(
                    list: try part.postings.open(entry), distance: word - words.lowerBound))
        }
        return PhraseMatcher(slots, norms: part.norms, scoring: scoring, weight: weight)
    }
}
