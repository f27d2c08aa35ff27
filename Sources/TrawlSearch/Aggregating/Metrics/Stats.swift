internal import TrawlJSON

/// What counts and sums of numbers say of them, as the API shows it.
struct Stats {
    var count: Int
    var sum: Double
    var least: Double
    var greatest: Double
    var squares: Double

    private var average: Double { sum / Double(count) }

    private var variancePopulation: Double {
        max(0, (squares - sum * sum / Double(count)) / Double(count))
    }

    private var varianceSampling: Double {
        let variance = (squares - sum * sum / Double(count)) / Double(count - 1)
        return variance < 0 ? 0 : variance
    }

    private var basics: [(name: String, value: Double)] {
        [
            ("count", Double(count)), ("min", least), ("max", greatest),
            ("avg", count == 0 ? .nan : average), ("sum", sum),
        ]
    }

    func content(_ display: ValueDisplay) -> ValuesContent {
        var body: JSONObject = ["count": JSONValue(count)]
        for (name, value) in basics.dropFirst() {
            body[name] = count == 0 && name != "sum" ? .null : JSONValue(number: value)
        }
        if count > 0 {
            for (name, value) in basics.dropFirst() {
                body[name + "_as_string"] = display.text(value).map { .string($0) }
            }
        }
        return ValuesContent(body: body, properties: basics)
    }

    func extendedContent(_ display: ValueDisplay, sigma: Double) -> ValuesContent {
        var content = content(display)
        let isEmpty = count == 0
        let deviation = variancePopulation.squareRoot()
        let sampling = varianceSampling.squareRoot()
        let spreads: [(name: String, value: Double)] = [
            ("sum_of_squares", squares), ("variance", variancePopulation),
            ("variance_population", variancePopulation), ("variance_sampling", varianceSampling),
            ("std_deviation", deviation), ("std_deviation_population", deviation),
            ("std_deviation_sampling", sampling),
        ]
        let bounds: [(name: String, value: Double)] = [
            ("upper", average + sigma * deviation), ("lower", average - sigma * deviation),
            ("upper_population", average + sigma * deviation),
            ("lower_population", average - sigma * deviation),
            ("upper_sampling", average + sigma * sampling),
            ("lower_sampling", average - sigma * sampling),
        ]
        func shown(_ value: Double) -> JSONValue { isEmpty ? .null : JSONValue(number: value) }
        for (name, value) in spreads { content.body[name] = shown(value) }
        content.body["std_deviation_bounds"] = .object(
            JSONObject(bounds.map { (key: $0.name, value: shown($0.value)) }))
        if !isEmpty, display != .raw {
            for (name, value) in spreads {
                content.body[name + "_as_string"] = display.text(value).map { .string($0) }
            }
            content.body["std_deviation_bounds_as_string"] = .object(
                JSONObject(
                    bounds.map {
                        (key: $0.name, value: .string(display.text($0.value) ?? ""))
                    }))
        }
        content.properties += spreads.map { ($0.name, isEmpty ? .nan : $0.value) }
        for (name, value) in bounds {
            let own = isEmpty ? Double.nan : value
            content.properties.append(("std_" + name, own))
            content.properties.append(("std_deviation_bounds." + name, own))
        }
        return content
    }
}

extension ValuesContent {
    /// What orders of buckets may name in `stats` and `extended_stats`.
    static let statsNames: Set<String> = Set(
        Stats(count: 0, sum: 0, least: 0, greatest: 0, squares: 0)
            .extendedContent(.raw, sigma: 0).properties.map(\.name))
}
