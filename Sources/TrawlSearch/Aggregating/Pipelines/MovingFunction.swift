internal import TrawlQuery

/// What `moving_fn` does with the values of its window: one of `MovingFunctions`.
struct MovingFunction {
    private let name: String
    private let alpha: Double

    private static let names: Set<String> = [
        "max", "min", "sum", "stdDev", "unweightedAvg", "linearWeightedAvg", "ewma",
    ]

    /// - Parameter script: `MovingFunctions.max(values)`.
    init(_ script: String) throws {
        let compact = String(script.filter { !$0.isWhitespace && $0 != ";" })
        let text = compact.hasPrefix("return") ? String(compact.dropFirst(6)) : compact
        guard text.hasPrefix("MovingFunctions."), text.hasSuffix(")"),
            let open = text.firstIndex(of: "("),
            Self.names.contains(String(text[..<open].dropFirst(16)))
        else {
            throw QueryError(type: "script_exception", reason: "compile error").caused(
                by: .illegalArgument("only one call of MovingFunctions is supported: [\(script)]"))
        }
        name = String(text[..<open].dropFirst(16))
        let arguments = text[text.index(after: open)...].dropLast().split(separator: ",")
        alpha = arguments.count > 1 ? Double(arguments[1]) ?? 0.3 : 0.3
    }

    func value(_ values: [Double]) -> Double? {
        let count = Double(values.count)
        if name == "sum" { return values.reduce(0, +) }
        if values.isEmpty { return nil }
        switch name {
        case "max": return values.max()
        case "min": return values.min()
        case "unweightedAvg": return values.reduce(0, +) / count
        case "stdDev":
            let mean = values.reduce(0, +) / count
            let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            return (squares / count).squareRoot()
        case "linearWeightedAvg":
            var sum = 0.0
            var weight = 0.0
            for (place, value) in values.enumerated() {
                sum += value * Double(place + 1)
                weight += Double(place + 1)
            }
            return sum / weight
        default:
            var mean = values[0]
            for value in values.dropFirst() { mean = alpha * value + (1 - alpha) * mean }
            return mean
        }
    }
}
