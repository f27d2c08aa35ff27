internal import Glibc

/// Numbers and how often each occurs, ascending: what percentiles are computed from.
///
/// Exact up to a limit of different numbers. Beyond, the lowest bits of all numbers are cut off
/// until no more are different; how many bits is a function of the numbers alone, so that any
/// split of the documents comes to the same.
struct WeightedNumbers: Sendable {
    private static let usualLimit = 1 << 18

    private(set) var numbers: [(value: Double, count: Int)]
    private var cutBits = 0
    private let limit: Int

    /// - Parameter sorted: Ascending, each number once.
    init(sorted: [(value: Double, count: Int)], limit: Int = usualLimit) {
        numbers = sorted
        self.limit = limit
        coarsen()
    }

    private enum CodingKeys: String, CodingKey { case values, counts, cutBits, limit }

    private mutating func coarsen() {
        while numbers.count > limit, cutBits < 52 {
            cut(to: cutBits + 1)
        }
    }

    private mutating func cut(to bits: Int) {
        cutBits = bits
        var kept: [(value: Double, count: Int)] = []
        for (value, count) in numbers {
            let short = Double(bitPattern: value.bitPattern & (UInt64.max << UInt64(bits)))
            if let last = kept.last, last.value == short {
                kept[kept.count - 1].count += count
            } else {
                kept.append((short, count))
            }
        }
        numbers = kept
    }

    mutating func merge(_ other: WeightedNumbers) {
        var other = other
        if other.cutBits > cutBits { cut(to: other.cutBits) }
        if cutBits > other.cutBits { other.cut(to: cutBits) }
        var merged: [(value: Double, count: Int)] = []
        merged.reserveCapacity(numbers.count + other.numbers.count)
        var i = 0
        var j = 0
        while i < numbers.count || j < other.numbers.count {
            if j == other.numbers.count
                || (i < numbers.count && numbers[i].value < other.numbers[j].value)
            {
                merged.append(numbers[i])
                i += 1
            } else if i == numbers.count || other.numbers[j].value < numbers[i].value {
                merged.append(other.numbers[j])
                j += 1
            } else {
                merged.append((numbers[i].value, numbers[i].count + other.numbers[j].count))
                i += 1
                j += 1
            }
        }
        numbers = merged
        coarsen()
    }

    var totalCount: Int { numbers.reduce(0) { $0 + $1.count } }
}

extension WeightedNumbers: Codable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let values = try container.decode([Double].self, forKey: .values)
        let counts = try container.decode([Int].self, forKey: .counts)
        guard values.count == counts.count else {
            throw DecodingError.dataCorruptedError(
                forKey: .counts, in: container, debugDescription: "a count for every value")
        }
        numbers = zip(values, counts).map { ($0, $1) }
        cutBits = try container.decode(Int.self, forKey: .cutBits)
        limit = try container.decode(Int.self, forKey: .limit)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(numbers.map(\.value), forKey: .values)
        try container.encode(numbers.map(\.count), forKey: .counts)
        try container.encode(cutBits, forKey: .cutBits)
        try container.encode(limit, forKey: .limit)
    }
}

/// A t-digest (Dunning, merging variant, scale function k2) made in one pass over sorted numbers.
/// Few numbers are kept as they are; quantiles interpolate between neighbours that are not single.
struct TDigest {
    private var means: [Double] = []
    private var weights: [Double] = []
    private var total = 0.0
    private var least = Double.nan
    private var greatest = Double.nan

    init(_ source: WeightedNumbers, compression: Double) {
        let numbers = source.numbers
        total = Double(source.totalCount)
        guard let first = numbers.first, let last = numbers.last else { return }
        least = first.value
        greatest = last.value
        let compression = 2 * max(10, compression)
        let normalizer = compression / (4 * log(max(1, total / compression)) + 24)
        var before = 0.0
        var mean = first.value
        var weight = 0.0
        func fits(_ proposed: Double) -> Bool {
            let low = before / total
            let high = (before + proposed) / total
            return proposed <= total * min(low * (1 - low), high * (1 - high)) / normalizer
        }
        for (place, (value, count)) in numbers.enumerated() {
            var rest = count
            while rest > 0 {
                // The first and the last number stay alone.
                let isFirst = place == 0 && rest == count
                let isLast = place == numbers.count - 1 && rest == 1
                if weight > 0, isLast || before == 0 || !fits(weight + 1) {
                    means.append(mean)
                    weights.append(weight)
                    before += weight
                    weight = 0
                }
                var taken = 1
                if weight > 0 || (!isFirst && !isLast && before > 0) {
                    // As many as fit; the last number of all not among them.
                    var most = place == numbers.count - 1 ? rest - 1 : rest
                    while taken < most {
                        let middle = (taken + most + 1) / 2
                        if fits(weight + Double(middle)) {
                            taken = middle
                        } else {
                            most = middle - 1
                        }
                    }
                }
                weight += Double(taken)
                mean =
                    weight == Double(taken) ? value : mean + (value - mean) * Double(taken) / weight
                rest -= taken
            }
        }
        means.append(mean)
        weights.append(weight)
    }

    /// - Parameter q: From 0 to 1.
    func quantile(_ q: Double) -> Double {
        if means.isEmpty { return .nan }
        if means.count == 1 { return means[0] }
        let index = q * total
        if index < 1 { return least }
        if weights[0] > 1, index < weights[0] / 2 {
            return least + (index - 1) / (weights[0] / 2 - 1) * (means[0] - least)
        }
        if index > total - 1 { return greatest }
        let last = means.count - 1
        if weights[last] > 1, total - index <= weights[last] / 2 {
            return greatest
                - (total - index - 1) / (weights[last] / 2 - 1) * (greatest - means[last])
        }
        var before = weights[0] / 2
        for i in 0..<last {
            let step = (weights[i] + weights[i + 1]) / 2
            if before + step > index {
                var left = 0.0
                if weights[i] == 1 {
                    if index - before < 0.5 { return means[i] }
                    left = 0.5
                }
                var right = 0.0
                if weights[i + 1] == 1 {
                    if before + step - index <= 0.5 { return means[i + 1] }
                    right = 0.5
                }
                return Self.between(
                    means[i], before + step - index - right, means[i + 1], index - before - left)
            }
            before += step
        }
        return greatest
    }

    private static func between(
        _ a: Double, _ weightOfA: Double, _ b: Double, _ weightOfB: Double
    ) -> Double {
        let mean = (a * weightOfA + b * weightOfB) / (weightOfA + weightOfB)
        return max(min(a, b), min(mean, max(a, b)))
    }

    /// Which part of all numbers is at or below `x`, from 0 to 1.
    func rank(_ x: Double) -> Double {
        if means.isEmpty { return .nan }
        if x < least { return 0 }
        if x > greatest { return 1 }
        if means.count == 1 { return 0.5 }
        var before = 0.0
        for i in 0..<(means.count - 1) {
            if means[i] == x {
                var same = 0.0
                var at = i
                while at < means.count, means[at] == x {
                    same += weights[at]
                    at += 1
                }
                return (before + same / 2) / total
            }
            if means[i] <= x, x < means[i + 1] {
                var left = 0.0
                var right = 0.0
                if weights[i] == 1 {
                    if weights[i + 1] == 1 { return (before + 1) / total }
                    left = 0.5
                } else if weights[i + 1] == 1 {
                    right = 0.5
                }
                let step = (weights[i] + weights[i + 1]) / 2 - left - right
                let base = before + weights[i] / 2 + left
                return (base + step * (x - means[i]) / (means[i + 1] - means[i])) / total
            }
            before += weights[i]
        }
        return 1 - 0.5 / total
    }
}

/// Percentiles as HdrHistogram gives them: every number stands for all that share its significant
/// digits.
struct HDRQuantiles {
    private let source: WeightedNumbers
    private let total: Int
    private let unit: Double
    private let subBuckets: Double

    init(_ source: WeightedNumbers, digits: Int) {
        self.source = source
        total = source.totalCount
        var largest = 2.0
        for _ in 0..<digits { largest *= 10 }
        subBuckets = exp2(log2(largest).rounded(.up))
        let least = source.numbers.first { $0.value > 0 }?.value ?? 1
        unit = exp2(log2(least).rounded(.down)) / (subBuckets / 2)
    }

    /// The highest number that cannot be told from `value`.
    private func highest(_ value: Double) -> Double {
        if value <= 0 { return 0 }
        let scaled = (value / unit).rounded(.down)
        let width = max(1, exp2(log2(scaled).rounded(.down) + 1) / subBuckets)
        return ((scaled / width).rounded(.down) * width + width - 1) * unit
    }

    func quantile(_ q: Double) -> Double {
        if total == 0 { return .nan }
        let wanted = max(1, Int((q * Double(total)).rounded(.up)))
        var seen = 0
        for (value, count) in source.numbers {
            seen += count
            if seen >= wanted { return highest(value) }
        }
        return highest(source.numbers.last?.value ?? 0)
    }

    func rank(_ x: Double) -> Double {
        if total == 0 { return .nan }
        let limit = highest(x)
        let below = source.numbers.prefix { $0.value <= limit }.reduce(0) { $0 + $1.count }
        return Double(below) / Double(total)
    }
}
