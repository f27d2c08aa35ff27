/// The user's `_id`: a string, unique in its index (within one routing).
public struct DocumentID: Hashable, Sendable, CustomStringConvertible, Codable {
    public static let maxByteCount = 512

    public var string: String

    public init(_ string: String) { self.string = string }

    public var description: String { string }
}
