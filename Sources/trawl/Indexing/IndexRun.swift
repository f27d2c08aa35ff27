internal import TrawlErrors
internal import TrawlHTTP
internal import TrawlIngest
internal import TrawlJSON

/// One run of `trawl index`.
struct IndexRun {
    private let arguments: Arguments
    let index: String
    let format: DocumentFormat?
    private let files: [String]
    private let walker: FileWalker
    private var rejects: RejectsFile?
    var resume: ResumeFile
    private var readRejectCount = 0
    private var shownRejects = 0
    var progress = ProgressBar()
    /// The place in the inputs at the end of each batch that was sent.
    private var batchEnds: [(file: String, line: Int)] = []

    var idField: String? { arguments.value("id") }

    init(_ arguments: Arguments) throws {
        self.arguments = arguments
        index = arguments.operands[0]
        if let name = arguments.value("format"), name != "auto" {
            guard let found = DocumentFormat(rawValue: name) else {
                let names = DocumentFormat.allCases.map(\.rawValue)
                throw UsageError(
                    "there is no format \"\(name)\"",
                    nearest: Suggestion.nearest(to: name, among: names), help: "trawl index --help")
            }
            format = found
        } else {
            format = nil
        }
        walker = FileWalker(
            globs: arguments.values("glob").map { Glob($0) },
            obeysGitignore: arguments.has("gitignore"))
        var files: [String] = []
        let inputs = Array(arguments.operands.dropFirst())
        if arguments.has("follow") {
            guard !inputs.isEmpty, !inputs.contains("-") else {
                throw UsageError(
                    "--follow needs files or directories; standard input is read to its end anyway",
                    help: "trawl index --help")
            }
            self.files = inputs
        } else {
            for path in inputs.isEmpty ? ["-"] : inputs {
                files += path == "-" ? ["-"] : try walker.files(at: path)
            }
            self.files = files
        }
        rejects = arguments.value("rejects").map { RejectsFile(path: $0) }
        resume = ResumeFile(index: index, resumes: arguments.has("resume"))
    }

    mutating func perform(_ output: inout Output) throws -> ExitStatus {
        Interruption.watch()
        let node = try NodeOpener.open(arguments, creates: true)
        defer { try? node.close() }
        try createIndex(on: node)
        let started = ContinuousClock.now
        let patience = try arguments.int("patience", in: 0...86_400, default: 60)
        let sender = BulkSender(
            node, index: index, threadCount: 2, patience: .seconds(patience))
        do {
            if arguments.has("follow") {
                try follow(files, walker: walker, into: sender)
            } else {
                for file in files where !Interruption.isRequested { try read(file, into: sender) }
            }
            try sender.finish()
        } catch {
            progress.clear()
            noteDurable(sender.figures)
            resume.save()
            Output.error(
                "stopped after \(sender.figures.acknowledged) documents, which are durable; "
                    + "the same command with --resume goes on")
            throw error
        }
        progress.clear()
        tellRejects(of: sender)
        let figures = sender.figures
        // Without a document there may be no index.
        let hasWritten = figures.acknowledged > 0
        if hasWritten { _ = try node.json(.post, "/\(PathText.escaped(index))/_refresh") }
        let isWhole = !Interruption.isRequested
        if isWhole {
            resume.remove()
        } else {
            noteDurable(figures)
            resume.save()
        }
        if !arguments.has("quiet") {
            if hasWritten { try showMapping(on: node) }
            showSummary(figures, seconds: (ContinuousClock.now - started) / .seconds(1), &output)
        }
        if !isWhole, !arguments.has("follow") {
            Output.error(
                "interrupted: what is counted above is durable; the same command with --resume "
                    + "goes on")
            return ExitStatus(rawValue: 130)
        }
        return figures.rejected + readRejectCount > 0 ? .failure : .success
    }

    private func createIndex(on node: any NodeAccess) throws {
        guard let file = arguments.value("mapping") else { return }
        let given = try JSONValue.parse(TextFile.read(file)).objectValue ?? [:]
        let isWhole = given["mappings"] != nil || given["settings"] != nil
        let body: JSONObject = isWhole ? given : ["mappings": .object(given)]
        do {
            _ = try node.json(.put, "/\(PathText.escaped(index))", body: .object(body))
        } catch let error as NodeError where error.type == "resource_already_exists_exception" {
            let mapping = body["mappings"] ?? [:]
            _ = try node.json(.put, "/\(PathText.escaped(index))/_mapping", body: mapping)
        }
    }

    /// One strange file among many is told, and the others are read.
    mutating func read(_ file: String, into sender: BulkSender) throws {
        do {
            try readWhole(file, into: sender)
        } catch let error as IngestError where files.count > 1 || arguments.has("follow") {
            reject(file: file, line: 0, reason: "\(error)", source: [])
        }
    }

    private mutating func readWhole(_ file: String, into sender: BulkSender) throws {
        let input = try ByteInput(path: file)
        let total = file == "-" ? nil : try? FileSize.of(file)
        let skipped = resume.lines[input.name] ?? 0
        var reader = try makeReader(of: input)
        var batch = BulkBatch()
        func fraction() -> Double? {
            total.map { Double(input.readByteCount) / Double(max(1, $0)) }
        }
        var strange: IngestError?
        while !Interruption.isRequested {
            let next = Result { () throws(IngestError) in try reader.next() }
            if case .failure(let error) = next {
                // What came before it is indexed all the same.
                strange = error
                break
            }
            guard let record = try next.get() else { break }
            switch record {
            case .document(let document):
                if document.line <= skipped { continue }
                batch.add(document, file: input.name)
                if batch.isFull {
                    try send(&batch, of: input.name, to: sender, fraction: fraction())
                }
            case .reject(let reject):
                self.reject(
                    file: input.name, line: reject.line, reason: reject.reason, source: reject.text)
            }
        }
        if !Interruption.isRequested {
            try send(&batch, of: input.name, to: sender, fraction: fraction())
        }
        if let strange { throw strange }
    }

    /// Hands a batch of documents over and begins the next.
    mutating func send(
        _ batch: inout BulkBatch, of source: String, to sender: BulkSender, fraction: Double?
    ) throws {
        guard let last = batch.entries.last else { return }
        batch.number = batchEnds.count
        batchEnds.append((source, last.line))
        try sender.send(batch)
        batch = BulkBatch()
        tellRejects(of: sender)
        let figures = sender.figures
        progress.show(
            documents: figures.acknowledged, rejected: figures.rejected + readRejectCount,
            fraction: fraction)
    }

    func makeReader(of input: ByteInput) throws -> any RecordReader {
        try DocumentFormat.detect(input, named: format)
            .reader(of: input, idField: idField)
    }

    mutating func reject(file: String, line: Int, reason: String, source: [UInt8]) {
        readRejectCount += 1
        tell(file: file, line: line, reason: reason, source: source)
    }

    private mutating func tellRejects(of sender: BulkSender) {
        for reject in sender.takeRejects() {
            tell(file: reject.file, line: reject.line, reason: reject.reason, source: reject.source)
        }
    }

    private mutating func tell(file: String, line: Int, reason: String, source: [UInt8]) {
        rejects?.append(file: file, line: line, reason: reason, source: source)
        shownRejects += 1
        guard shownRejects <= 5 else {
            if shownRejects == 6 {
                Output.error("… more are rejected; --rejects FILE keeps them all")
            }
            return
        }
        progress.clear()
        Output.error("rejected: \(file)\(line > 0 ? " line \(line)" : ""): \(reason)")
    }

    private mutating func noteDurable(_ figures: BulkSender.Figures) {
        for end in batchEnds.prefix(figures.doneBatches) { resume.note(end.file, line: end.line) }
    }

    private func showMapping(on node: any NodeAccess) throws {
        let answer = try node.json(.get, "/\(PathText.escaped(index))/_mapping")
        let mappings = answer.objectValue?.values.first?["mappings"]
        let fields = (mappings?["properties"]?.objectValue ?? [:]).map { member in
            member.key + ": " + (member.value["type"]?.stringValue ?? "object")
        }
        guard !fields.isEmpty else { return }
        Output.error("fields: " + fields.joined(separator: ", ").clipped(to: 400))
    }

    private func showSummary(_ figures: BulkSender.Figures, seconds: Double, _ output: inout Output)
    {
        let rejected = figures.rejected + readRejectCount
        let updated = figures.acknowledged - figures.created
        let rate = Int(Double(figures.acknowledged) / max(seconds, 0.001))
        var text = "\(figures.acknowledged) documents into \(index)"
        if updated > 0 { text += " (\(figures.created) new, \(updated) replaced)" }
        text += ", \(ByteText.short(figures.sentByteCount)), \(rate)/s"
        if rejected > 0 { text += ", \(rejected) rejected" }
        output.line(text)
    }
}
