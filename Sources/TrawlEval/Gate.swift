package import TrawlJSON

/// What a change may cost before it is refused.
package struct GateBudget: Sendable, Equatable {
    /// A document that must stay among the first few of a query.
    package struct Pin: Sendable, Equatable {
        package let query: String
        package let document: String
        package let rank: Int

        package init(query: String, document: String, rank: Int) {
            self.query = query
            self.document = document
            self.rank = rank
        }
    }

    package var measure = Measure(.nDCG, at: 10)
    /// A mean loss counts when it is larger than this and chance does not explain it.
    package var minimumEffect = 0.005
    package var significance = 0.05
    /// A mean loss beyond this fails whatever chance says.
    package var largestLoss = 0.02
    /// At most so many queries may lose more than `drop`.
    package var losers = 3
    package var drop = 0.25
    package var pins: [Pin] = []
    /// Means that must be reached, by name of the measure.
    package var floors: [String: Double] = [:]
    package var seed: UInt64 = 1

    package init() {}

    /// Reads `gate.json`. A key that is not known is refused: a budget that is not read protects
    /// nothing.
    package static func parse(_ bytes: [UInt8], file: String) throws(EvalError) -> GateBudget {
        let object: JSONObject
        do { object = try JSONValue.parse(bytes).objectValue ?? JSONObject() } catch {
            throw EvalError(.malformed("\(error)"), file: file)
        }
        return try GateBudget(object, file: file)
    }

    package init(_ object: JSONObject, file: String) throws(EvalError) {
        for (key, value) in object {
            switch key {
            case "measure":
                guard let measure = value.stringValue.flatMap({ Measure(name: $0) }) else {
                    throw EvalError(.unknown("the measure \(value) is not known"), file: file)
                }
                self.measure = measure
            case "minimum_effect": minimumEffect = try GateBudget.number(value, key, file)
            case "significance": significance = try GateBudget.number(value, key, file)
            case "largest_loss": largestLoss = try GateBudget.number(value, key, file)
            case "losers": losers = Int(try GateBudget.number(value, key, file))
            case "drop": drop = try GateBudget.number(value, key, file)
            case "floors":
                for (name, floor) in value.objectValue ?? JSONObject() {
                    guard Measure(name: name) != nil else {
                        throw EvalError(
                            .unknown("the measure \"\(name)\" is not known"), file: file)
                    }
                    floors[name] = try GateBudget.number(floor, name, file)
                }
            case "pins":
                for pin in value.arrayValue ?? [] {
                    guard let query = pin["query"]?.stringValue,
                        let document = pin["document"]?.stringValue,
                        let rank = pin["rank"]?.intValue, rank > 0
                    else {
                        throw EvalError(
                            .malformed("the pin \(pin) needs query, document and a rank from 1"),
                            file: file)
                    }
                    pins.append(Pin(query: query, document: document, rank: rank))
                }
            default:
                throw EvalError(
                    .unknown(
                        "\"\(key)\" is no part of a budget: measure, minimum_effect, significance, "
                            + "largest_loss, losers, drop, floors, pins"), file: file)
            }
        }
    }

    private static func number(
        _ value: JSONValue, _ key: String, _ file: String
    ) throws(EvalError) -> Double {
        guard let number = value.doubleValue, number >= 0 else {
            throw EvalError(.malformed("\"\(key)\" is not a number from 0"), file: file)
        }
        return number
    }
}

/// Passes or refuses a change, and says what to look at first.
package struct GateVerdict: Sendable, Equatable {
    package let comparison: Comparison
    /// Empty when the change may pass.
    package let failures: [String]
    /// The queries that lost most.
    package let lookFirst: [Comparison.QueryDelta]

    package var passed: Bool { failures.isEmpty }

    /// - Parameter ranking: the documents of a query, best first.
    package init(
        budget: GateBudget, baseline: Evaluation, candidate: Evaluation,
        ranking: (String) -> [String]
    ) {
        let comparison = Comparison(budget.measure, before: baseline, after: candidate)
        var failures: [String] = []
        let loss = -comparison.meanDelta
        let change =
            "mean \(budget.measure) fell by \(fixed(loss, 4)) "
            + "(\(fixed(comparison.meanBefore, 4)) to \(fixed(comparison.meanAfter, 4)))"
        if loss > budget.largestLoss {
            failures.append("\(change), more than the \(budget.largestLoss) allowed")
        } else if loss > budget.minimumEffect {
            let p = comparison.randomisation(seed: budget.seed).p
            if p < budget.significance {
                failures.append(
                    "\(change); chance gives that much with p = \(fixed(p, 4)), "
                        + "below \(budget.significance)")
            }
        }
        let losers = comparison.perQuery.filter { -$0.delta > budget.drop }
        if losers.count > budget.losers {
            failures.append(
                "\(losers.count) queries lost more than \(budget.drop) of \(budget.measure), "
                    + "\(budget.losers) may")
        }
        for (name, floor) in budget.floors.sorted(by: { $0.key < $1.key }) {
            guard let measure = Measure(name: name) else { continue }
            guard candidate.values[measure] != nil else {
                failures.append("\(name) has a floor of \(floor) but was not measured")
                continue
            }
            let mean = candidate.mean(measure)
            if mean < floor {
                failures.append("mean \(name) is \(fixed(mean, 4)), below its floor of \(floor)")
            }
        }
        for pin in budget.pins {
            let found = ranking(pin.query).firstIndex(of: pin.document).map { $0 + 1 }
            if let found, found <= pin.rank { continue }
            let place = found.map { "at rank \($0)" } ?? "not found"
            failures.append(
                "query \(pin.query): document \(pin.document) is \(place), "
                    + "pinned to rank \(pin.rank) or better")
        }
        self.comparison = comparison
        self.failures = failures
        lookFirst = Array(
            comparison.worstFirst.prefix { $0.delta < -Comparison.tolerance }.prefix(5))
    }
}
