internal import Glibc

/// The few distribution functions that tests of significance need.
enum Distributions {
    /// The chance of a value at least this far from zero, on either side.
    static func normalTwoSided(_ z: Double) -> Double { erfc(z.magnitude / 2.0.squareRoot()) }

    /// The value below which a share of the standard normal distribution lies.
    static func normalQuantile(_ share: Double) -> Double {
        precondition(share > 0 && share < 1)
        var low = -40.0
        var high = 40.0
        for _ in 0..<200 {
            let middle = (low + high) / 2
            if erfc(-middle / 2.0.squareRoot()) / 2 < share { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// Student's t, both tails: I_x(v/2, 1/2) at x = v / (v + t²).
    static func studentTwoSided(_ t: Double, degrees: Double) -> Double {
        guard t.isFinite else { return 0 }
        return incompleteBeta(degrees / (degrees + t * t), a: degrees / 2, b: 0.5)
    }

    /// Both tails of a fair coin: at most `fewer` heads out of `count`, doubled.
    static func signTwoSided(fewer: Int, of count: Int) -> Double {
        guard count > 0 else { return 1 }
        var sum = 0.0
        for heads in 0...fewer { sum += exp(logChoose(count, heads) - Double(count) * log(2)) }
        return min(1, 2 * sum)
    }

    private static func logChoose(_ n: Int, _ k: Int) -> Double {
        logGamma(Double(n + 1)) - logGamma(Double(k + 1)) - logGamma(Double(n - k + 1))
    }

    /// Stirling's series after shifting the argument above 15, where it has full precision.
    static func logGamma(_ x: Double) -> Double {
        var shifted = x
        var product = 1.0
        while shifted < 15 {
            product *= shifted
            shifted += 1
        }
        let inverse = 1 / shifted
        let square = inverse * inverse
        let series =
            inverse
            * (1 / 12.0 - square
                * (1 / 360.0 - square
                    * (1 / 1260.0 - square * (1 / 1680.0 - square * (1 / 1188.0)))))
        let main = (shifted - 0.5) * log(shifted) - shifted + 0.5 * log(2 * Double.pi)
        return main + series - log(product)
    }

    /// The regularised incomplete beta function by its continued fraction (Lentz).
    private static func incompleteBeta(_ x: Double, a: Double, b: Double) -> Double {
        if x <= 0 { return 0 }
        if x >= 1 { return 1 }
        let logFront =
            logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x)
        if x < (a + 1) / (a + b + 2) {
            return exp(logFront) * betaFraction(x, a, b) / a
        }
        return 1 - exp(logFront) * betaFraction(1 - x, b, a) / b
    }

    private static func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
        let tiny = 1e-300
        var c = 1.0
        var d = 1 - (a + b) * x / (a + 1)
        d = 1 / (d.magnitude < tiny ? tiny : d)
        var result = d
        for step in 1...500 {
            let m = Double(step)
            let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            for factor in [even, odd] {
                d = 1 + factor * d
                d = 1 / (d.magnitude < tiny ? tiny : d)
                c = 1 + factor / c
                if c.magnitude < tiny { c = tiny }
                result *= c * d
            }
            if (c * d - 1).magnitude < 1e-16 { break }
        }
        return result
    }
}

/// Chance from a seed, so that a report can be made again (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
