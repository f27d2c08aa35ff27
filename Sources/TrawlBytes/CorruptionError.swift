public import TrawlErrors

/// Bytes are not what was written. Names the file and the byte.
public struct CorruptionError: TrawlError, Equatable {
    /// The file, or another name for where the bytes came from.
    public var file: String
    /// Where in the file the damage was noticed.
    public var byteOffset: Int
    /// What was expected and what was found.
    public var reason: String

    public init(file: String, byteOffset: Int, reason: String) {
        self.file = file
        self.byteOffset = byteOffset
        self.reason = reason
    }

    public var kind: ErrorKind { .corrupted }
    public var code: String { "corrupted" }
    public var description: String { "\(file) is damaged at byte \(byteOffset): \(reason)" }
}
