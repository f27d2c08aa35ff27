public import TrawlErrors

/// Bytes are not the JSON that was expected. Says where, for machines and for people.
public struct JSONError: TrawlError, Equatable {
    public enum Problem: Sendable, Equatable {
        case unexpectedEnd(expected: String)
        case unexpectedByte(UInt8, expected: String)
        case invalidUTF8
        case controlCharacter(UInt8)
        case invalidEscape
        /// `\ud800` without its other half names no character, so there is no UTF-8 for it.
        case loneSurrogate
        case invalidNumber
        case duplicateKey(String)
        case tooDeep(limit: Int)
        /// The sink wanted no more; it keeps its own reason.
        case stopped
    }

    public var problem: Problem
    /// Where in the bytes, from 0.
    public var byteOffset: Int
    /// The line, from 1.
    public var line: Int
    /// The character (code point) of the line, from 1.
    public var column: Int

    public init(_ problem: Problem, byteOffset: Int, line: Int, column: Int) {
        self.problem = problem
        self.byteOffset = byteOffset
        self.line = line
        self.column = column
    }

    /// Counts lines and columns up to `byteOffset`.
    @usableFromInline
    package init(_ problem: Problem, at byteOffset: Int, in input: UnsafeBufferPointer<UInt8>) {
        var line = 1
        var column = 1
        for i in 0..<min(byteOffset, input.count) {
            // In bounds: below the count.
            let byte = unsafe input[i]
            if byte == 0x0a {
                line += 1
                column = 1
            } else if byte & 0xc0 != 0x80 {
                column += 1
            }
        }
        self.init(problem, byteOffset: byteOffset, line: line, column: column)
    }

    public var kind: ErrorKind { .invalidRequest }

    public var code: String {
        if case .duplicateKey = problem { "duplicate_key" } else { "invalid_json" }
    }

    /// What is wrong, without the place.
    public var reason: String {
        switch problem {
        case .unexpectedEnd(let expected): "the JSON ends where \(expected) is expected"
        case .unexpectedByte(let byte, let expected):
            "\(Self.name(of: byte)) found where \(expected) is expected"
        case .invalidUTF8: "the bytes are not UTF-8"
        case .controlCharacter(let byte):
            "\(Self.name(of: byte)) stands in a string, where it must be written as an escape"
        case .invalidEscape: "a backslash is not followed by one of \" \\ / b f n r t uXXXX"
        case .loneSurrogate: "a \\u escape is half of a surrogate pair without its other half"
        case .invalidNumber: "a number is not written as JSON writes numbers"
        // The words of Jackson, which clients of Elasticsearch know.
        case .duplicateKey(let key): "Duplicate field '\(key)'"
        case .tooDeep(let limit): "objects and arrays are nested more than \(limit) deep"
        case .stopped: "the reader stopped"
        }
    }

    public var description: String { "\(reason) (line \(line), column \(column))" }

    private static func name(of byte: UInt8) -> String {
        byte > 0x20 && byte < 0x7f
            ? "'\(Character(UnicodeScalar(byte)))'" : "byte 0x\(String(byte, radix: 16))"
    }
}
