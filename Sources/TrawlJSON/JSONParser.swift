/// Reads JSON text (RFC 8259) and tells a sink what it finds.
///
/// - The bytes must be UTF-8, and are checked. A byte order mark at the start is skipped.
/// - Numbers are handed over as they are written; nothing is rounded.
/// - A `\u` escape that is half of a surrogate pair is refused: it names no character.
/// - Keys that come twice in an object are refused unless allowed.
/// - The nesting is limited, and the parser does not recurse.
///
/// Generic over the sink and inlinable, so that the sink's methods are called directly; all that
/// takes time for a single word is in `JSONText`. (Without `@usableFromInline` on the type, the
/// compiler silently keeps its `@inlinable` methods to this module.)
@usableFromInline
package struct JSONParser<Sink: JSONSink>: ~Copyable {
    @usableFromInline package var sink: Sink
    @usableFromInline let maxDepth: Int
    /// One entry for each open object (where its keys begin in `keys`) or array (-1).
    @usableFromInline var open: [Int] = []
    @usableFromInline var keys: JSONKeySet?
    @usableFromInline var text: [UInt8] = []

    @inlinable
    package init(
        sink: Sink, maxDepth: Int = JSONLimits.maxDepth, duplicates: JSONDuplicates = .refused
    ) {
        self.sink = sink
        self.maxDepth = maxDepth
        keys = duplicates == .refused ? JSONKeySet() : nil
    }

    /// Reads one value and makes sure that nothing but white space is around it.
    @inlinable
    package mutating func parse(_ input: UnsafeBufferPointer<UInt8>) throws(JSONError) {
        let end = try unsafe parseValue(input, from: JSONLimits.startOfText(input))
        let rest = unsafe skipSpace(input, from: end)
        if rest < input.count {
            throw unsafe JSONError(
                .unexpectedByte(input[rest], expected: "the end"), at: rest, in: input)
        }
    }

    /// Reads one value, and says where it ends. More may follow.
    @inlinable
    package mutating func parseValue(
        _ input: UnsafeBufferPointer<UInt8>, from start: Int
    ) throws(JSONError) -> Int {
        open.removeAll(keepingCapacity: true)
        keys?.removeAll()
        let count = input.count
        var i = start
        value: while true {
            i = unsafe skipSpace(input, from: i)
            guard i < count else {
                throw unsafe JSONError(.unexpectedEnd(expected: "a value"), at: count, in: input)
            }
            switch unsafe input[i] {
            case UInt8(ascii: "\""):
                i = try unsafe string(input, from: i, isKey: false)
            case UInt8(ascii: "{"):
                try unsafe enter(isObject: true, input, at: i)
                try sink.startObject(at: i)
                i = unsafe skipSpace(input, from: i &+ 1)
                guard i < count, unsafe input[i] == UInt8(ascii: "}") else {
                    i = try unsafe key(input, from: i)
                    continue value
                }
                i &+= 1
                leave()
                try sink.endObject(at: i)
            case UInt8(ascii: "["):
                try unsafe enter(isObject: false, input, at: i)
                try sink.startArray(at: i)
                let next = unsafe skipSpace(input, from: i &+ 1)
                guard next < count, unsafe input[next] == UInt8(ascii: "]") else {
                    i = next
                    continue value
                }
                i = next &+ 1
                leave()
                try sink.endArray(at: i)
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                let (end, isInteger) = try unsafe JSONText.scanNumber(input, from: i)
                try unsafe sink.number(
                    UnsafeBufferPointer(rebasing: input[i..<end]), isInteger: isInteger,
                    at: i..<end)
                i = end
            default:
                i = try unsafe word(input, from: i)
            }
            while true {
                guard let keyStart = open.last else { return i }
                i = unsafe skipSpace(input, from: i)
                let isObject = keyStart >= 0
                guard i < count else {
                    throw unsafe JSONError(
                        .unexpectedEnd(expected: isObject ? "',' or '}'" : "',' or ']'"),
                        at: count, in: input)
                }
                let byte = unsafe input[i]
                if byte == UInt8(ascii: ",") {
                    i &+= 1
                    if isObject {
                        i = try unsafe key(input, from: skipSpace(input, from: i))
                    }
                    continue value
                }
                guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    throw unsafe JSONError(
                        .unexpectedByte(byte, expected: isObject ? "',' or '}'" : "',' or ']'"),
                        at: i, in: input)
                }
                i &+= 1
                leave()
                if isObject { try sink.endObject(at: i) } else { try sink.endArray(at: i) }
            }
        }
    }

    @inlinable @inline(__always)
    func skipSpace(_ input: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var i = start
        while i < input.count {
            let byte = unsafe input[i]
            if byte > 0x20 { return i }
            guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else { return i }
            i &+= 1
        }
        return i
    }

    @inlinable
    mutating func enter(
        isObject: Bool, _ input: UnsafeBufferPointer<UInt8>, at place: Int
    ) throws(JSONError) {
        guard open.count < maxDepth else {
            throw unsafe JSONError(.tooDeep(limit: maxDepth), at: place, in: input)
        }
        open.append(isObject ? keys?.count ?? 0 : -1)
    }

    @inlinable
    mutating func leave() {
        if let start = open.popLast(), start >= 0 { keys?.removeAll(from: start) }
    }

    /// A key and its colon; the place after them.
    @inlinable
    mutating func key(
        _ input: UnsafeBufferPointer<UInt8>, from start: Int
    ) throws(JSONError) -> Int {
        guard start < input.count else {
            throw unsafe JSONError(.unexpectedEnd(expected: "a key"), at: start, in: input)
        }
        guard unsafe input[start] == UInt8(ascii: "\"") else {
            throw unsafe JSONError(
                .unexpectedByte(input[start], expected: "a key in quotes"), at: start, in: input)
        }
        let end = try unsafe string(input, from: start, isKey: true)
        let colon = unsafe skipSpace(input, from: end)
        guard colon < input.count else {
            throw unsafe JSONError(.unexpectedEnd(expected: "':'"), at: colon, in: input)
        }
        guard unsafe input[colon] == UInt8(ascii: ":") else {
            throw unsafe JSONError(
                .unexpectedByte(input[colon], expected: "':'"), at: colon, in: input)
        }
        return colon &+ 1
    }

    @inlinable
    mutating func string(
        _ input: UnsafeBufferPointer<UInt8>, from start: Int, isKey: Bool
    ) throws(JSONError) -> Int {
        let end = try unsafe JSONText.scanString(input, from: start &+ 1)
        let range = start..<end.quote &+ 1
        if end.hasEscapes {
            try unsafe escapedString(input, at: range, isKey: isKey)
        } else {
            let utf8 = unsafe UnsafeBufferPointer(rebasing: input[start &+ 1..<end.quote])
            if isKey {
                if keys != nil {
                    try unsafe keys!.insert(utf8, since: open[open.count &- 1], input, at: start)
                }
                try unsafe sink.key(utf8, at: range)
            } else {
                try unsafe sink.string(utf8, at: range)
            }
        }
        return range.upperBound
    }

    @inlinable @inline(never)
    mutating func escapedString(
        _ input: UnsafeBufferPointer<UInt8>, at range: Range<Int>, isKey: Bool
    ) throws(JSONError) {
        var text: [UInt8] = []
        swap(&text, &self.text)
        defer { swap(&text, &self.text) }
        try unsafe JSONText.unescape(
            input, from: range.lowerBound + 1, to: range.upperBound - 1, into: &text)
        // A closure would have to be generic in its error; the array lives until the end of this
        // function and is not touched meanwhile.
        let utf8 = unsafe text.withUnsafeBufferPointer { unsafe $0 }
        if isKey {
            if keys != nil {
                try unsafe keys!.insert(
                    utf8, since: open[open.count - 1], input, at: range.lowerBound)
            }
            try unsafe sink.key(utf8, at: range)
        } else {
            try unsafe sink.string(utf8, at: range)
        }
    }

    /// `true`, `false`, `null`, or a mistake.
    @inlinable
    mutating func word(
        _ input: UnsafeBufferPointer<UInt8>, from start: Int
    ) throws(JSONError) -> Int {
        if unsafe JSONLimits.matches("true", input, at: start) {
            try sink.bool(true, at: start..<start + 4)
            return start + 4
        }
        if unsafe JSONLimits.matches("false", input, at: start) {
            try sink.bool(false, at: start..<start + 5)
            return start + 5
        }
        if unsafe JSONLimits.matches("null", input, at: start) {
            try sink.null(at: start..<start + 4)
            return start + 4
        }
        throw unsafe JSONError(
            .unexpectedByte(input[start], expected: "a value"), at: start, in: input)
    }
}

/// Limits, and what of the parser depends on no sink.
public enum JSONLimits {
    /// How deep objects and arrays may be nested unless the caller says otherwise: the limit of
    /// Jackson, on which Elasticsearch stands.
    public static let maxDepth = 1000

    /// 3 after a byte order mark, else 0.
    @usableFromInline
    package static func startOfText(_ input: UnsafeBufferPointer<UInt8>) -> Int {
        let hasMark =
            unsafe input.count >= 3 && input[0] == 0xef && input[1] == 0xbb
            && input[2] == 0xbf
        return hasMark ? 3 : 0
    }

    @usableFromInline
    package static func matches(
        _ word: StaticString, _ input: UnsafeBufferPointer<UInt8>, at place: Int
    ) -> Bool {
        guard place + word.utf8CodeUnitCount <= input.count else { return false }
        for i in 0..<word.utf8CodeUnitCount
        where unsafe word.utf8Start[i] != input[place + i] { return false }
        return true
    }
}
