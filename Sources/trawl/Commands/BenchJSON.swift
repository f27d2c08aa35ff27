internal import Glibc
internal import TrawlJSON

/// `trawl bench json`: how fast bulk documents are parsed, with UTF-8 validation, and written.
enum BenchJSON {
    static let command = Command(
        name: "json", summary: "Parse and write bulk documents, in MB per CPU second.",
        options: [
            .value("documents", "N", "How many documents (default 40000)."),
            .value("rounds", "N", "How many rounds; the median counts (default 7)."),
        ],
        examples: ["trawl bench json"]
    ) { arguments, output in
        let count = try arguments.int("documents", in: 1...10_000_000, default: 40_000)
        let rounds = try arguments.int("rounds", in: 1...1000, default: 7)
        var table = TextTable([
            (head: "text", alignment: .left), (head: "step", alignment: .left),
            (head: "MB/s of CPU", alignment: .right), (head: "slowest", alignment: .right),
        ])
        for (name, words) in samples {
            let lines = documents(count, words: words)
            let steps: [(String, () throws -> Int)] = [
                ("parse to events", { try parseEvents(lines) }),
                ("parse to trees", { try parseTrees(lines) }),
                ("write from events", { try rewrite(lines) }),
                ("write documents", { write(count, words: words) }),
            ]
            for (step, body) in steps {
                var speeds: [Double] = []
                for _ in 0..<rounds {
                    let start = cpuSeconds()
                    let bytes = try body()
                    speeds.append(Double(bytes) / 1e6 / (cpuSeconds() - start))
                }
                speeds.sort()
                table.add([name, step, "\(Int(speeds[rounds / 2]))", "\(Int(speeds[0]))"])
            }
        }
        for line in table.lines() { output.line(line) }
        return .success
    }

    private static let samples: [(String, [String])] = [
        ("English", ["the", "search", "engine", "answers", "every", "question", "of", "a"]),
        ("German", ["für", "Straße", "über", "Schlüssel", "und", "Wörter", "schön", "Tag"]),
        ("Chinese", ["全文", "搜索", "引擎", "是", "一种", "信息", "检索", "系统"]),
    ]

    /// Of this thread: other work on the machine does not count.
    private static func cpuSeconds() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func text(_ words: [String], _ state: inout UInt64, count: Int) -> String {
        var text = ""
        for i in 0..<count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            if i > 0 { text += " " }
            text += words[Int(state >> 33) % words.count]
        }
        return text
    }

    private static func write(
        _ number: Int, title: String, body: String, into writer: inout JSONWriter
    ) {
        writer.startObject()
        writer.key("id" as StaticString)
        writer.value(number)
        writer.key("title" as StaticString)
        writer.value(title)
        writer.key("body" as StaticString)
        writer.value(body)
        writer.key("published" as StaticString)
        writer.value("2026-11-20T10:00:00Z")
        writer.key("price" as StaticString)
        writer.value(JSONNumber(literal: "19.95")!)
        writer.key("tags" as StaticString)
        writer.startArray()
        writer.value("new")
        writer.value("with \"quotes\"")
        writer.endArray()
        writer.key("open" as StaticString)
        writer.value(true)
        writer.endObject()
    }

    private static func documents(_ count: Int, words: [String]) -> [[UInt8]] {
        var state: UInt64 = 1
        return (0..<count).map { number in
            var writer = JSONWriter()
            let title = text(words, &state, count: 6)
            let body = text(words, &state, count: 80)
            write(number, title: title, body: body, into: &writer)
            return writer.bytes
        }
    }

    private static func parseEvents(_ lines: [[UInt8]]) throws -> Int {
        var parser = JSONParser(sink: CountSink())
        var total = 0
        for line in lines {
            try unsafe line.withUnsafeBufferPointer { try unsafe parser.parse($0) }
            total += line.count
        }
        precondition(parser.sink.events > lines.count)
        return total
    }

    private static func parseTrees(_ lines: [[UInt8]]) throws -> Int {
        var total = 0
        for line in lines {
            let value = try JSONValue.parse(line)
            precondition(value["open"] == true)
            total += line.count
        }
        return total
    }

    /// Parses too, so that the text is not in the cache's favour; the parsing counts.
    private static func rewrite(_ lines: [[UInt8]]) throws -> Int {
        var parser = JSONParser(sink: RewriteSink())
        var total = 0
        for line in lines {
            parser.sink.writer.removeAll()
            try unsafe line.withUnsafeBufferPointer { try unsafe parser.parse($0) }
            precondition(parser.sink.writer.bytes.count == line.count)
            total += line.count
        }
        return total
    }

    private static func write(_ count: Int, words: [String]) -> Int {
        var state: UInt64 = 1
        let title = text(words, &state, count: 6)
        let body = text(words, &state, count: 80)
        var writer = JSONWriter()
        var total = 0
        for number in 0..<count {
            writer.removeAll()
            write(number, title: title, body: body, into: &writer)
            total += writer.bytes.count
        }
        return total
    }
}

private struct CountSink: JSONSink {
    var events = 0

    mutating func null(at range: Range<Int>) { events += 1 }
    mutating func bool(_ value: Bool, at range: Range<Int>) { events += 1 }
    mutating func number(
        _ literal: UnsafeBufferPointer<UInt8>, isInteger: Bool, at range: Range<Int>
    ) { events += 1 }
    mutating func string(_ utf8: UnsafeBufferPointer<UInt8>, at range: Range<Int>) {
        events += 1
    }
    mutating func key(_ utf8: UnsafeBufferPointer<UInt8>, at range: Range<Int>) { events += 1 }
    mutating func startObject(at byteOffset: Int) { events += 1 }
    mutating func endObject(at byteOffset: Int) { events += 1 }
    mutating func startArray(at byteOffset: Int) { events += 1 }
    mutating func endArray(at byteOffset: Int) { events += 1 }
}

private struct RewriteSink: JSONSink {
    var writer = JSONWriter()

    mutating func null(at range: Range<Int>) { writer.null() }
    mutating func bool(_ value: Bool, at range: Range<Int>) { writer.value(value) }
    mutating func number(
        _ literal: UnsafeBufferPointer<UInt8>, isInteger: Bool, at range: Range<Int>
    ) { unsafe writer.raw(literal) }
    mutating func string(_ utf8: UnsafeBufferPointer<UInt8>, at range: Range<Int>) {
        unsafe writer.string(utf8: utf8)
    }
    mutating func key(_ utf8: UnsafeBufferPointer<UInt8>, at range: Range<Int>) {
        unsafe writer.key(utf8: utf8)
    }
    mutating func startObject(at byteOffset: Int) { writer.startObject() }
    mutating func endObject(at byteOffset: Int) { writer.endObject() }
    mutating func startArray(at byteOffset: Int) { writer.startArray() }
    mutating func endArray(at byteOffset: Int) { writer.endArray() }
}
