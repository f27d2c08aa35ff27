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
    var clauses: [(occur: Occur, words: [[UInt8]])] = []

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
            clauses.append((occur, BenchWords.words(of: String(part))))
        }
    }
}

/// The segments of a directory, searched one after the other with one queue.
struct BenchSearcher {
    private struct Part {
        var view: SegmentView
        var postings: FieldPostings
        var norms: NormBytes
        var base: UInt32
    }

    private var parts: [Part] = []
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
                parts.append(Part(view: view, postings: postings, norms: bytes, base: base))
            }
            base += UInt32(reader.docCount)
        }
        scoring = FieldScoring(BM25(), statistics)
    }

    func run(_ task: BenchTask, _ query: BenchQuery) throws -> Int {
        // Document frequencies over all segments first: they are part of the score.
        var words: [[UInt8]] = []
        for clause in query.clauses { words += clause.words }
        var entries: [TermEntry?] = []
        entries.reserveCapacity(words.count * parts.count)
        var idfs = [Float](repeating: 0, count: words.count)
        for part in parts {
            for word in words { entries.append(try part.postings.find(word)) }
        }
        if task.limit > 0 {
            for i in words.indices {
                var frequency = 0
                for place in stride(from: i, to: entries.count, by: words.count) {
                    frequency += entries[place]?.docCount ?? 0
                }
                idfs[i] = BM25.idf(
                    docCount: Int(scoring.statistics.docCount), documentFrequency: frequency)
            }
        }
        var queue = TopKQueue(limit: task.limit)
        var count = 0
        for (index, part) in parts.enumerated() {
            let own = entries[index * words.count..<(index + 1) * words.count]
            guard let matcher = try matcher(query, part, own, idfs) else { continue }
            let search = unsafe SegmentSearch(
                matcher, docLimit: part.view.docCount, base: part.base, room: room)
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

    private func matcher(
        _ query: BenchQuery, _ part: Part, _ entries: ArraySlice<TermEntry?>, _ idfs: [Float]
    ) throws -> Matcher? {
        var must: [Matcher] = []
        var should: [Matcher] = []
        var mustNot: [Matcher] = []
        var word = 0
        for clause in query.clauses {
            let range = word..<word + clause.words.count
            word = range.upperBound
            let first = entries.startIndex
            let own = entries[first + range.lowerBound..<first + range.upperBound]
            let atom = try atom(own, idfs[range], part)
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
        _ entries: ArraySlice<TermEntry?>, _ idfs: ArraySlice<Float>, _ part: Part
    ) throws -> Matcher? {
        if entries.count == 1 {
            guard let entry = entries[entries.startIndex] else { return nil }
            return TermMatcher(
                try part.postings.open(entry), norms: part.norms, scoring: scoring,
                weight: idfs[idfs.startIndex])
        }
        let present = entries.compactMap { $0 }
        guard present.count == entries.count, !present.isEmpty else { return nil }
        let slots = try present.enumerated().map {
            PhraseMatcher.Slot(list: try part.postings.open($1), distance: $0)
        }
        return PhraseMatcher(
            slots, norms: part.norms, scoring: scoring,
            weight: PhraseMatcher.weight(idfs: Array(idfs), boost: 1))
    }
}
