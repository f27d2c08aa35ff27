internal import Glibc
package import TrawlSegment

/// BM25 with the arithmetic of Lucene, bit for bit: every step in 32-bit floats, nothing fused.
///
///     idf   = ln(1 + (N - df + 0.5) / (df + 0.5))          in double, then rounded
///     inv   = 1 / (k1 * ((1 - b) + b * L / avgdl))         for each kept length L
///     w     = boost * idf
///     score = w - w / (1 + f * inv)
package struct BM25: Sendable, Equatable {
    package var k1: Float
    package var b: Float

    package init(k1: Float = 1.2, b: Float = 0.75) {
        self.k1 = k1
        self.b = b
    }

    /// - Parameters:
    ///   - docCount: Documents that have the field.
    ///   - documentFrequency: Those that have the term.
    package static func idf(docCount: Int, documentFrequency: Int) -> Float {
        let n = Double(docCount)
        let df = Double(documentFrequency)
        return Float(log(1 + (n - df + 0.5) / (df + 0.5)))
    }

    /// The score of a term by its weight and by `x = frequency * inverse[norm]`.
    package static func score(weight: Float, x: Float) -> Float {
        let sum = 1 + x
        return weight - weight / sum
    }

    /// `inv` for each of the 256 norms, from the kept lengths.
    package func inverses(_ statistics: FieldStatistics) -> [Float] {
        let average =
            statistics.docCount == 0
            ? 1 : Float(Double(statistics.totalLength) / Double(statistics.docCount))
        return (0..<256).map { norm in
            let length = b * Float(BM25.length(ofNorm: UInt8(norm)))
            let normalised = (1 - b) + length / average
            return 1 / (k1 * normalised)
        }
    }

    /// The least length that is kept as this byte.
    package static func length(ofNorm norm: UInt8) -> Int32 {
        // Below 40 as it is; then three bits after the leading one, and how often doubled.
        let value = Int32(norm)
        if value < 24 { return value }
        let rest = value - 24
        let shift = (rest >> 3) - 1
        return 24 + (shift < 0 ? rest & 7 : ((rest & 7) | 8) << shift)
    }
}
