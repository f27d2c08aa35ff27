/// A request as it came: the target split and decoded, the body whole.
package struct HTTPRequest: Sendable {
    package enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
        case options = "OPTIONS"
        case patch = "PATCH"
        case trace = "TRACE"
    }

    package var method: Method
    /// Path and query as they came, percent signs and all.
    package var target: String
    /// The path as it came, without the query.
    package var path: String
    /// The path's segments, decoded. An encoded slash stays within its segment.
    package var segments: [String]
    /// The query's parameters in their order, decoded.
    package var parameters: [(name: String, value: String)]
    /// Names in lower case.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// Whether the one who asked has gone away, so that work for them can stop.
    package var isAbandoned: @Sendable () -> Bool

    package init(
        method: Method, target: String, headers: [(name: String, value: String)] = [],
        body: [UInt8] = [], isAbandoned: @escaping @Sendable () -> Bool = { false }
    ) throws(HTTPError) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.isAbandoned = isAbandoned
        var path = Substring(target)
        var query = Substring()
        if let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) {
            path = target[..<mark]
            query = target[target.utf8.index(after: mark)...]
        }
        self.path = String(path)
        segments = []
        for segment in path.utf8.split(separator: UInt8(ascii: "/")) {
            segments.append(try PercentCoding.decode(segment, plusIsSpace: false))
        }
        parameters = []
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let equals = pair.firstIndex(of: UInt8(ascii: "="))
            let name = pair[..<(equals ?? pair.endIndex)]
            let value = equals.map { pair[pair.index(after: $0)...] } ?? pair[pair.endIndex...]
            parameters.append(
                (
                    try PercentCoding.decode(name, plusIsSpace: true),
                    try PercentCoding.decode(value, plusIsSpace: true)
                ))
        }
    }

    /// The first header of a name, which is given in lower case.
    package func header(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }

    /// The last parameter of a name: a repeated one replaces what came before.
    package func parameter(_ name: String) -> String? {
        parameters.last { $0.name == name }?.value
    }
}

/// Percent-encoding of paths and queries.
package enum PercentCoding {
    /// - Throws: ``HTTPError`` for a cut escape, or bytes that are not UTF-8.
    package static func decode(
        _ text: some Collection<UInt8>, plusIsSpace: Bool
    ) throws(HTTPError) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var at = text.startIndex
        while at != text.endIndex {
            let byte = text[at]
            at = text.index(after: at)
            switch byte {
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                var value: UInt8 = 0
                for _ in 0..<2 {
                    guard at != text.endIndex, let digit = hexValue(text[at]) else {
                        throw HTTPError(
                            problem: .badEscape, detail: String(decoding: text, as: UTF8.self))
                    }
                    value = value << 4 | digit
                    at = text.index(after: at)
                }
                bytes.append(value)
            default: bytes.append(byte)
            }
        }
        guard let string = String(validating: bytes, as: UTF8.self) else {
            throw HTTPError(
                problem: .notUTF8, detail: String(decoding: text, as: UTF8.self))
        }
        return string
    }

    /// Encodes everything but letters, digits and `-._~`.
    package static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "%"))
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
