internal import Glibc
internal import TrawlAnalysis
internal import TrawlJSON

/// `trawl bench text`: how fast analyzers take texts apart.
enum BenchText {
    static let command = Command(
        name: "text", summary: "Analyse texts, in MB per CPU second and thread.",
        options: [
            .value("megabytes", "N", "How much text a round takes (default 8)."),
            .value("rounds", "N", "How many rounds; the median counts (default 5)."),
            .value("file", "FILE", "Own text, one document a line, through --analyzer."),
            .value("analyzer", "NAME", "For --file (default: standard)."),
        ],
        examples: ["trawl bench text"]
    ) { arguments, output in
        let size = try arguments.int("megabytes", in: 1...1000, default: 8) << 20
        let rounds = try arguments.int("rounds", in: 1...1000, default: 5)
        var table = TextTable([
            (head: "text", alignment: .left), (head: "analyzer", alignment: .left),
            (head: "MB/s of CPU", alignment: .right), (head: "slowest", alignment: .right),
            (head: "M tokens/s", alignment: .right),
        ])
        let catalog = try AnalyzerCatalog(settings: settings)
        var jobs: [(text: String, documents: [[UInt8]], analyzer: String)] = []
        if let path = arguments.value("file") {
            let documents = try lines(ofFile: path)
            jobs = [(path, documents, arguments.value("analyzer") ?? "standard")]
        } else {
            for sample in samples {
                let documents = documents(sample.words, sample.separator, size)
                for analyzer in sample.analyzers { jobs.append((sample.name, documents, analyzer)) }
            }
        }
        for job in jobs {
            let analyzer = try catalog.analyzer(named: job.analyzer)
            let byteCount = job.documents.reduce(0) { $0 + $1.count }
            var buffer = TokenBuffer()
            var speeds: [Double] = []
            var tokens = 0
            for _ in 0..<rounds {
                tokens = 0
                let start = cpuSeconds()
                for document in job.documents {
                    analyzer.analyze(document, into: &buffer)
                    tokens += buffer.tokens.count
                }
                speeds.append(Double(byteCount) / 1e6 / (cpuSeconds() - start))
            }
            speeds.sort()
            let median = speeds[rounds / 2]
            let rate = median / Double(byteCount) * Double(tokens)
            table.add([
                job.text, job.analyzer, "\(Int(median))", "\(Int(speeds[0]))",
                "\((rate * 10).rounded() / 10)",
            ])
        }
        for line in table.lines() { output.line(line) }
        return .success
    }

    /// The words of the search benchmarks: runs of letters and digits, lower-cased, below 40.
    private static let settings: JSONValue = [
        "analysis": [
            "tokenizer": ["words": ["type": "pattern", "pattern": "[^\\p{L}\\p{N}]+"]],
            "filter": ["short": ["type": "length", "max": 39]],
            "analyzer": ["bench words": ["tokenizer": "words", "filter": ["lowercase", "short"]]],
        ]
    ]

    private struct Sample {
        var name: String
        var words: [String]
        var separator: String
        var analyzers: [String]
    }

    private static let samples = [
        Sample(
            name: "English",
            words: split(
                """
                the search engine answers every question of a reader who has little time and, as
                often happens in libraries, does not know what the right word would be. It's found
                by looking at all documents; 1,024 of them were written before 1990! Ranking was
                considered "hard" until somebody measured it (see chapter 3.2).
                """), separator: " ",
            analyzers: ["standard", "simple", "whitespace", "english", "bench words"]),
        Sample(
            name: "German",
            words: split(
                "für die Straße über Schlüssel und Wörter, schön am Tag der Veröffentlichung größer"
            ), separator: " ", analyzers: ["standard", "german"]),
        Sample(
            name: "Chinese",
            words: ["全文搜索引擎是一种信息检索系统，", "它把文档分成词语，", "并为每个词建立倒排索引。", "北京大学的研究生"],
            separator: "", analyzers: ["standard", "chinese", "cjk"]),
        Sample(
            name: "Japanese",
            words: ["全文検索エンジンは文書を単語に分割し、", "転置索引を作る。", "東京都に住んでいます。", "スマートフォンで"],
            separator: "", analyzers: ["standard", "japanese", "cjk"]),
        Sample(
            name: "Thai",
            words: ["เครื่องมือค้นหาข้อความเต็มรูปแบบเป็น", "ระบบที่ช่วยให้ผู้ใช้ค้นหาเอกสาร", "ได้อย่างรวดเร็ว"],
            separator: " ", analyzers: ["standard", "thai"]),
    ]

    private static func split(_ text: String) -> [String] {
        text.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// Documents of about 2 KB, made of the words in a fixed disorder, a tenth of them changed so
    /// that stems do not all repeat.
    private static func documents(
        _ words: [String], _ separator: String, _ size: Int
    ) -> [[UInt8]] {
        var state: UInt64 = 42
        var result: [[UInt8]] = []
        var total = 0
        while total < size {
            var text: [UInt8] = []
            while text.count < 2048 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let pick = Int(state >> 33)
                text += Array(words[pick % words.count].utf8)
                if pick % 10 == 0, !separator.isEmpty {
                    text += Array(["s", "ed", "ing", "ly"][pick / 10 % 4].utf8)
                }
                text += Array(separator.utf8)
            }
            total += text.count
            result.append(text)
        }
        return result
    }

    private static func lines(ofFile path: String) throws -> [[UInt8]] {
        guard let file = unsafe fopen(path, "r") else { throw UsageError("cannot read \(path)") }
        defer { unsafe fclose(file) }
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            // The buffer lives through the call and is as long as it says.
            let count = unsafe piece.withUnsafeMutableBytes {
                unsafe fread($0.baseAddress, 1, $0.count, file)
            }
            if count == 0 { break }
            all += piece[..<count]
        }
        return all.split(separator: 0x0A).map(Array.init)
    }

    /// Of this thread: other work on the machine does not count.
    private static func cpuSeconds() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
