internal import TrawlEval
internal import TrawlJSON

/// What the options ask for, applied to one collection after another.
struct EvalSession {
    struct Result {
        let run: EvalRun
        var comparison: Comparison?
        var verdict: GateVerdict?
        var sweep: (best: (k1: Float, b: Float), mean: Double, cross: Double)?
        var remarks: [String] = []

        var json: JSONValue {
            var means: JSONObject = [:]
            for measure in run.evaluation.measures {
                means[measure.description] = JSONValue(run.evaluation.mean(measure))
            }
            var object: JSONObject = [
                "collection": .string(run.collection.name),
                "language": run.collection.language.map { .string($0) } ?? .null,
                "configuration": .object(run.configuration.json),
                "documents": JSONValue(run.collection.documents.count),
                "queries": JSONValue(run.evaluation.queries.count), "means": .object(means),
            ]
            if let comparison {
                object["comparison"] = [
                    "measure": .string(comparison.measure.description),
                    "delta": JSONValue(comparison.meanDelta),
                    "p": JSONValue(comparison.randomisation().p),
                    "wins": JSONValue(comparison.wins), "losses": JSONValue(comparison.losses),
                    "ties": JSONValue(comparison.ties),
                    "detectable": JSONValue(comparison.detectableEffect()),
                ]
            }
            if let verdict {
                object["gate"] = [
                    "passed": .bool(verdict.passed),
                    "failures": .array(verdict.failures.map { .string($0) }),
                ]
            }
            if let sweep {
                object["sweep"] = [
                    "k1": JSONValue(sweep.best.k1), "b": JSONValue(sweep.best.b),
                    "mean": JSONValue(sweep.mean), "cross_validated": JSONValue(sweep.cross),
                ]
            }
            return .object(object)
        }
    }

    let arguments: Arguments
    let measures: [Measure]

    init(_ arguments: Arguments) throws(UsageError) {
        self.arguments = arguments
        guard let list = arguments.value("measures") else {
            measures = Measure.usual
            return
        }
        var measures: [Measure] = []
        for name in list.split(separator: ",") {
            guard let measure = Measure(name: String(name)) else {
                throw UsageError(
                    "\"\(name)\" is no measure: nDCG@10, AP, RR@10, P@10, R@100, ERR@10, "
                        + "RBP(0.8), bpref, Judged@10, Success@1, Rprec, IPrec@0.1 …")
            }
            measures.append(measure)
        }
        self.measures = measures
    }

    /// The measure that comparisons and the gate look at.
    private var main: Measure { measures.first ?? Measure(.nDCG, at: 10) }

    private func configuration(of collection: Collection) throws(UsageError) -> EvalConfiguration {
        let shipped = EvalConfiguration.analyzer(forLanguage: collection.language)
        var configuration = EvalConfiguration(
            analyzer: collection.settings["analyzer"]?.stringValue ?? shipped,
            analysis: collection.settings["analysis"])
        if let name = arguments.value("analyzer") { configuration.analyzer = name }
        configuration.k1 = Float(try arguments.double("k1", default: 1.2))
        configuration.b = Float(try arguments.double("b", default: 0.75))
        configuration.titleWeight = try arguments.int("title-weight", in: 1...20, default: 1)
        configuration.pairWeight = Float(try arguments.double("pair-weight", default: 0))
        return configuration
    }

    /// `analyzer=standard,k1=0.9,b=0.4`, on top of the collection's own.
    private func rival(
        _ spec: String, _ own: EvalConfiguration
    ) throws(UsageError) -> EvalConfiguration {
        var rival = own
        for part in spec.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            switch (pair.first, pair.last) {
            case ("analyzer"?, let name?): rival.analyzer = name
            case ("title"?, let text?) where Int(text) != nil: rival.titleWeight = Int(text) ?? 1
            case ("pairs"?, let text?) where Float(text) != nil:
                rival.pairWeight = Float(text) ?? 0
            case ("k1"?, let text?) where Float(text) != nil: rival.k1 = Float(text) ?? 0
            case ("b"?, let text?) where Float(text) != nil: rival.b = Float(text) ?? 0
            default:
                throw UsageError(
                    "--versus takes analyzer=NAME,k1=X,b=Y,title=N,pairs=W, not \"\(part)\"")
            }
        }
        return rival
    }

    func evaluate(
        _ collection: Collection, at path: String?, _ output: inout Output
    ) throws -> Result {
        let configuration = try configuration(of: collection)
        let run = try EvalRun(collection, configuration, measures: measures)
        var result = Result(run: run)
        let file = arguments.value("baseline") ?? path.map { $0 + "/baseline.json" }
        var saved: Baseline?
        if let file, let bytes = EvalFiles.read(file) {
            saved = try Baseline.parse(bytes, file: file)
            let isSame = try saved?.check(against: collection, file: file) ?? true
            if !isSame, !arguments.has("save") {
                result.remarks.append(
                    "\(collection.name): documents, topics or judgements changed since "
                        + "\(file) was saved")
            }
        } else if let given = arguments.value("baseline") {
            _ = try EvalFiles.require(given)
        }
        var before = saved
        var beforeName = "baseline of \(saved?.history.last?.date ?? "an unknown day")"
        if let spec = arguments.value("versus") {
            let other = try EvalRun(collection, try rival(spec, configuration), measures: measures)
            before = other.baseline(
                history: [], note: "", date: "", kept: EvalRun.explained)
            beforeName = other.configuration.label
        }
        if let before {
            if before.evaluation.values[main] != nil {
                result.comparison = Comparison(
                    main, before: before.evaluation, after: run.evaluation)
            }
            if arguments.has("gate") {
                result.verdict = try verdict(run, before, path)
            }
        } else if arguments.has("gate") {
            throw EvalError(
                .missing("has no baseline to be judged by: trawl eval --save makes one"),
                file: collection.name)
        }
        result.remarks += try remarks(result, before)
        if arguments.has("sweep") { result.sweep = try run.sweep(main) }
        if let target = arguments.value("run") {
            try EvalFiles.write(Array(run.run.trecText.utf8), to: target)
        }
        if let target = arguments.value("html") {
            guard let before else {
                throw EvalError(
                    .missing("has nothing to be compared with: give --versus or save a baseline"),
                    file: collection.name)
            }
            let page = EvalPage(
                run: run, baseline: before, beforeName: beforeName, verdict: result.verdict)
            try EvalFiles.write(Array(page.html.utf8), to: target)
        }
        if arguments.has("save") {
            guard let file else {
                throw UsageError("--save needs a collection's folder or --baseline FILE")
            }
            let note = arguments.value("note") ?? (saved == nil ? "first values" : "moved")
            let baseline = run.baseline(
                history: saved?.history ?? [], note: note, date: EvalFiles.today)
            try EvalFiles.write(baseline.serialized(), to: file)
        }
        return result
    }

    /// The budget of the collection, of the folder above it, or the usual one.
    private func verdict(
        _ run: EvalRun, _ before: Baseline, _ path: String?
    ) throws -> GateVerdict {
        var budget = GateBudget()
        for file in path.map({ [$0 + "/gate.json", $0 + "/../gate.json"] }) ?? [] {
            guard let bytes = EvalFiles.read(file) else { continue }
            budget = try GateBudget.parse(bytes, file: file)
            break
        }
        return GateVerdict(
            budget: budget, baseline: before.evaluation, candidate: run.evaluation,
            ranking: { query in (run.run.given[query] ?? []).map(\.document) })
    }

    // MARK: For people

    private func remarks(_ result: Result, _ before: Baseline?) throws -> [String] {
        var lines: [String] = []
        let name = result.run.collection.name
        if let verdict = result.verdict {
            lines.append("\(verdict.passed ? "✓" : "✗") \(name)")
            lines += verdict.failures.map { "    " + $0 }
            if !verdict.passed, !verdict.lookFirst.isEmpty {
                let queries = verdict.lookFirst.map {
                    "\($0.query) (\(fixed($0.delta, 3, sign: true)))"
                }
                lines.append("    look first at \(queries.joined(separator: ", "))")
            }
        }
        if arguments.has("lint") {
            let findings = JudgementLint(result.run.collection) { result.run.index.terms($0) }
                .findings
            lines += findings.map { "\(name): \($0)" }
            if findings.isEmpty { lines.append("\(name): nothing to complain about") }
        }
        if arguments.has("explain-moves"), let before {
            for (delta, moves) in result.run.moves(since: before, main) where !moves.isEmpty {
                let text = result.run.collection.topics[delta.query]?.text ?? ""
                lines.append("")
                lines.append(
                    "\(name) \(delta.query) \"\(text)\" \(main) "
                        + "\(fixed(delta.before, 3)) → \(fixed(delta.after, 3))")
                lines += moves.flatMap(describe)
            }
        }
        return lines
    }

    private func describe(_ move: ExplainedMoves.Move) -> [String] {
        func rank(_ rank: Int?) -> String { rank.map { "\($0)" } ?? "–" }
        var head = "  \(rank(move.rankBefore)) → \(rank(move.rankAfter))  \(move.document)"
        guard case .score(let difference) = move.reason else {
            head += "  \(move.headline)"
            if !move.passedBy.isEmpty {
                head += ", behind \(move.passedBy.joined(separator: ", "))"
            }
            return [head]
        }
        head +=
            "  \(fixed(Double(difference.before), 4)) → \(fixed(Double(difference.after), 4)) "
            + "(\(fixed(difference.total, 4, sign: true)))"
        return [head]
            + difference.parts.map { part in
                let subject = part.term.map { " \($0)" } ?? ""
                return "        \(fixed(part.amount, 4, sign: true))  \(part.cause.label)\(subject)"
                    + " [\(part.origin.rawValue)]"
            }
    }

    func table(_ results: [Result]) -> [String] {
        var columns: [(head: String, alignment: TextTable.Alignment)] = [
            ("collection", .left), ("analyzer", .left), ("documents", .right), ("queries", .right),
        ]
        columns += measures.map { ($0.description, .right) }
        let compares = results.contains { $0.comparison != nil }
        if compares {
            columns += [("change", .right), ("p", .right), ("better/worse/same", .right)]
        }
        let sweeps = results.contains { $0.sweep != nil }
        if sweeps { columns += [("best k1/b", .right), ("tuned", .right), ("cross", .right)] }
        var table = TextTable(columns)
        for result in results {
            let run = result.run
            var cells = [
                run.collection.name, run.configuration.analyzer,
                "\(run.collection.documents.count)", "\(run.evaluation.queries.count)",
            ]
            cells += measures.map {
                $0.isCount
                    ? "\(Int(run.evaluation.mean($0)))" : fixed(run.evaluation.mean($0), 4)
            }
            if compares {
                if let comparison = result.comparison {
                    cells += [
                        fixed(comparison.meanDelta, 4, sign: true),
                        fixed(comparison.randomisation().p, 3),
                        "\(comparison.wins)/\(comparison.losses)/\(comparison.ties)",
                    ]
                } else {
                    cells += ["", "", ""]
                }
            }
            if sweeps {
                if let sweep = result.sweep {
                    cells += [
                        "\(sweep.best.k1)/\(sweep.best.b)", fixed(sweep.mean, 4),
                        fixed(sweep.cross, 4),
                    ]
                } else {
                    cells += ["", "", ""]
                }
            }
            table.add(cells)
        }
        return table.lines()
    }
}
