/// A measure of ranking quality by name, such as `nDCG@10`, `AP`, `P@5` or `RBP(0.8)`.
package struct Measure: Sendable, Hashable, CustomStringConvertible {
    package enum Kind: String, Sendable, CaseIterable {
        case nDCG
        /// nDCG with the gain 2^grade - 1.
        case expNDCG = "nDCGexp"
        case averagePrecision = "AP"
        case reciprocalRank = "RR"
        case precision = "P"
        case recall = "R"
        case success = "Success"
        case rPrecision = "Rprec"
        /// Expected reciprocal rank with stop probabilities (2^grade - 1) / 16, as gdeval has them.
        case expectedReciprocalRank = "ERR"
        case rankBiasedPrecision = "RBP"
        case bpref
        case infAP
        case judged = "Judged"
        case setPrecision = "SetP"
        case setRecall = "SetR"
        case setF = "SetF"
        case interpolatedPrecision = "IPrec"
        case elevenPoint = "11pt"
        case retrieved = "NumRet"
        case relevant = "NumRel"
        case relevantRetrieved = "NumRelRet"
    }

    package var kind: Kind
    /// How many documents are looked at; nil for all.
    package var cutoff: Int?
    /// The persistence of RBP, the recall level of interpolated precision.
    package var parameter: Double?
    /// The least grade that counts as relevant.
    package var relevanceLevel: Int

    package init(
        _ kind: Kind, at cutoff: Int? = nil, parameter: Double? = nil, relevanceLevel: Int = 1
    ) {
        self.kind = kind
        self.cutoff = cutoff
        self.parameter = parameter
        self.relevanceLevel = relevanceLevel
    }

    /// Reads our names and those of trec_eval: `nDCG@10` and `ndcg_cut_10`, `AP` and `map`.
    package init?(name: String, relevanceLevel: Int = 1) {
        guard let (kind, cutoff, parameter) = Measure.trecName(name) ?? Measure.ownName(name) else {
            return nil
        }
        if let cutoff, cutoff < 1 { return nil }
        if let parameter, !(0...1).contains(parameter) { return nil }
        self.init(kind, at: cutoff, parameter: parameter, relevanceLevel: relevanceLevel)
    }

    package var description: String {
        var text = kind.rawValue
        if kind == .rankBiasedPrecision { text += "(\(parameter ?? 0.8))" }
        if kind == .interpolatedPrecision { text += "@\(parameter ?? 0)" }
        if let cutoff { text += "@\(cutoff)" }
        return relevanceLevel == 1 ? text : text + "[rel>=\(relevanceLevel)]"
    }

    /// Counts are added up over queries, everything else is averaged.
    package var isCount: Bool {
        kind == .retrieved || kind == .relevant || kind == .relevantRetrieved
    }

    /// What a table shows when nothing else was asked for.
    package static let usual: [Measure] = [
        Measure(.nDCG, at: 10), Measure(.averagePrecision), Measure(.reciprocalRank, at: 10),
        Measure(.precision, at: 10), Measure(.recall, at: 100), Measure(.judged, at: 10),
    ]

    private typealias Parts = (Kind, Int?, Double?)

    private static func trecName(_ name: String) -> Parts? {
        switch name {
        case "ndcg": return (.nDCG, nil, nil)
        case "map": return (.averagePrecision, nil, nil)
        case "recip_rank": return (.reciprocalRank, nil, nil)
        case "set_P": return (.setPrecision, nil, nil)
        case "set_recall": return (.setRecall, nil, nil)
        case "set_F": return (.setF, nil, nil)
        case "11pt_avg": return (.elevenPoint, nil, nil)
        case "num_ret": return (.retrieved, nil, nil)
        case "num_rel": return (.relevant, nil, nil)
        case "num_rel_ret": return (.relevantRetrieved, nil, nil)
        default: break
        }
        let cut: [(String, Kind)] = [
            ("ndcg_cut_", .nDCG), ("map_cut_", .averagePrecision), ("P_", .precision),
            ("recall_", .recall), ("success_", .success),
        ]
        for (prefix, kind) in cut where name.hasPrefix(prefix) {
            guard let cutoff = Int(name.dropFirst(prefix.count)) else { return nil }
            return (kind, cutoff, nil)
        }
        let interpolated = "iprec_at_recall_"
        if name.hasPrefix(interpolated) {
            guard let level = Double(name.dropFirst(interpolated.count)) else { return nil }
            return (.interpolatedPrecision, nil, level)
        }
        return nil
    }

    private static func ownName(_ name: String) -> Parts? {
        var stem = name[...]
        var cutoff: Substring?
        if let at = name.lastIndex(of: "@") {
            cutoff = name[name.index(after: at)...]
            stem = name[..<at]
        }
        var parameter: Double?
        if let open = stem.firstIndex(of: "("), stem.last == ")" {
            guard let value = Double(stem[stem.index(after: open)...].dropLast()) else {
                return nil
            }
            parameter = value
            stem = stem[..<open]
        }
        let aliases = ["map": "ap", "mrr": "rr", "recall": "r", "precision": "p"]
        let wanted = aliases[stem.lowercased()] ?? stem.lowercased()
        guard let kind = Kind.allCases.first(where: { $0.rawValue.lowercased() == wanted }) else {
            return nil
        }
        if kind == .interpolatedPrecision {
            guard let cutoff, let level = Double(cutoff) else { return nil }
            return (kind, nil, level)
        }
        guard let cutoff else {
            let needed: [Kind] = [.precision, .recall, .success, .judged]
            return needed.contains(kind) ? nil : (kind, nil, parameter)
        }
        guard let depth = Int(cutoff) else { return nil }
        return (kind, depth, parameter)
    }
}
