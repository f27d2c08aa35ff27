internal import TrawlJSON
internal import TrawlQuery

/// `matrix_stats`: keeps the row of numbers of every document that has them all, so that the
/// moments are taken around the true means and do not depend on the order of documents.
final class MatrixStatsAggregator: Aggregator {
    private let values: [BoundValues]
    private let mode: MatrixStatsAggregation.Mode
    private var numbers: [SegmentNumbers] = []
    /// By bucket, row behind row.
    private var rows: [[Double]] = []

    init(
        _ request: Aggregation, _ wanted: MatrixStatsAggregation, _ context: AggregationContext
    ) throws {
        values = try wanted.fields.map {
            try context.values.bind($0, for: "matrix_stats", fallback: .double) { $0.isNumber }
        }
        mode = wanted.mode
        super.init(request, context)
    }

    override func begin(_ segment: SegmentContext) throws {
        numbers = values.map { $0.numbers(in: segment) }
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        while rows.count < bucketCount { rows.append([]) }
        var row = [Double](repeating: 0, count: values.count)
        documents: for place in block.places {
            for field in values.indices {
                let keys = numbers[field].keys(of: block.doc(place))
                guard let value = value(keys.map { values[field].kind.double(of: $0) }) else {
                    continue documents
                }
                row[field] = value
            }
            rows[block.bucket(place)] += row
        }
        try account(rows.reduce(0) { $0 + $1.capacity * 8 })
    }

    /// One number of the ascending numbers of a document.
    private func value(_ numbers: [Double]) -> Double? {
        guard let first = numbers.first, let last = numbers.last else { return nil }
        switch mode {
        case .min: return first
        case .max: return last
        case .sum: return numbers.reduce(0, +)
        case .avg: return numbers.reduce(0, +) / Double(numbers.count)
        case .median:
            let middle = numbers.count / 2
            return numbers.count % 2 == 1
                ? numbers[middle] : (numbers[middle - 1] + numbers[middle]) / 2
        }
    }

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        MatrixStatsPartial(rows: bucket >= 0 && bucket < rows.count ? rows[bucket] : [])
    }
}

struct MatrixStatsPartial: PartialAggregation {
    /// Row behind row, a number for each field.
    var rows: [Double]

    mutating func merge(_ other: MatrixStatsPartial, _ reduction: Reduction) throws {
        rows += other.rows
    }

    func result(of request: Aggregation, _ reduction: Reduction) throws -> AggregationResult {
        guard case .matrixStats(let wanted) = request.kind else {
            preconditionFailure("[\(request.name)] wants no matrix")
        }
        let names = wanted.fields.map { $0.field ?? "" }
        let count = rows.count / max(1, names.count)
        var body: JSONObject = ["doc_count": JSONValue(count)]
        var properties: [(name: String, value: Double)] = [("doc_count", Double(count))]
        if count > 0 {
            let moments = Moments(rows, width: names.count)
            body["fields"] = .array(names.indices.map { moments.json(of: $0, names) })
            for (field, name) in names.enumerated() {
                properties.append(("mean." + name, moments.means[field]))
                properties.append(("variance." + name, moments.variance(field)))
            }
        }
        return AggregationResult(
            "matrix_stats", .values(ValuesContent(body: body, properties: properties)))
    }
}

/// Means, and sums of powers and products around them.
private struct Moments {
    let count: Int
    let means: [Double]
    /// By field: second, third, fourth.
    private let powers: [[Double]]
    /// By two fields.
    private let products: [[Double]]

    init(_ rows: [Double], width: Int) {
        let count = rows.count / width
        self.count = count
        func sum(_ term: (Int) -> Double) -> Double {
            var sum = ExactSum()
            for row in 0..<count { sum.add(term(row * width)) }
            return sum.value
        }
        let means = (0..<width).map { field in sum { rows[$0 + field] } / Double(count) }
        self.means = means
        powers = (0..<width).map { field in
            (2...4).map { power in
                sum { row in
                    let distance = rows[row + field] - means[field]
                    return (1..<power).reduce(distance) { product, _ in product * distance }
                }
            }
        }
        products = (0..<width).map { one in
            (0..<width).map { other in
                sum { (rows[$0 + one] - means[one]) * (rows[$0 + other] - means[other]) }
            }
        }
    }

    func variance(_ field: Int) -> Double { powers[field][0] / Double(count - 1) }

    func json(of field: Int, _ names: [String]) -> JSONValue {
        let n = Double(count)
        let second = powers[field][0]
        var covariances = JSONObject()
        var correlations = JSONObject()
        for (other, name) in names.enumerated() {
            let covariance = products[field][other] / (n - 1)
            covariances[name] = JSONValue(number: covariance)
            let deviations = variance(field).squareRoot() * variance(other).squareRoot()
            correlations[name] =
                other == field ? 1.0 : JSONValue(number: covariance / deviations)
        }
        return .object([
            "name": .string(names[field]), "count": JSONValue(count),
            "mean": JSONValue(number: means[field]),
            "variance": JSONValue(number: variance(field)),
            "skewness": JSONValue(
                number: n.squareRoot() * powers[field][1] / (second * second.squareRoot())),
            "kurtosis": JSONValue(number: n * powers[field][2] / (second * second)),
            "covariance": .object(covariances), "correlation": .object(correlations),
        ])
    }
}
