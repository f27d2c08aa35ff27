/// A number as it is written. Nothing is rounded until someone asks for a `double`.
///
/// Two numbers are equal when they are written alike: `1` and `1.0` differ, as they do to
/// Elasticsearch.
public struct JSONNumber: Sendable, Hashable {
    /// The text of the number, such as `-12.50e3`.
    public let literal: String

    public init(_ value: some BinaryInteger) { literal = String(value) }

    /// The shortest text that reads back as the same number. What JSON cannot say (NaN and the
    /// infinities) is written as `null`.
    public init(_ value: Double) { literal = value.isFinite ? value.description : "null" }

    /// The shortest text that reads back as the same `Float`.
    public init(_ value: Float) { literal = value.isFinite ? value.description : "null" }

    /// Nil when the text is not a number in JSON.
    public init?(literal: String) {
        let isNumber = unsafe Array(literal.utf8).withUnsafeBufferPointer { bytes in
            guard !bytes.isEmpty else { return false }
            return unsafe (try? JSONText.scanNumber(bytes, from: 0))?.end == bytes.count
        }
        guard isNumber else { return nil }
        self.literal = literal
    }

    /// For text that the parser has checked.
    init(checked literal: String) { self.literal = literal }

    /// Whether it has neither fraction nor exponent. `1.0` is not an integer here.
    public var isInteger: Bool {
        !literal.utf8.contains { $0 == 0x2e || $0 | 0x20 == 0x65 } && literal != "null"
    }

    /// Nil when it has a fraction or an exponent, or does not fit.
    public var int64: Int64? { Int64(literal) }

    /// Nil when it has a fraction or an exponent, is negative, or does not fit.
    public var uint64: UInt64? { UInt64(literal) }

    /// The nearest double; infinite beyond the range of doubles.
    public var double: Double { Double(literal) ?? .nan }
}

extension JSONNumber: CustomStringConvertible {
    public var description: String { literal }
}
