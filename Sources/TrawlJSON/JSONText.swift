internal import CKernels

/// The words of JSON text: strings, escapes, numbers. Plain functions over bytes, called once for
/// each word, so that only the small loop of `JSONParser` is generic.
///
/// Every read is below `input.count`, which each function tests before it reads.
@usableFromInline
package enum JSONText {
    /// Where a string ends, and whether it has escapes to be undone.
    @usableFromInline
    package struct StringEnd {
        /// The byte offset of the closing quote.
        @usableFromInline package var quote: Int
        @usableFromInline package var hasEscapes: Bool
    }

    /// Finds the end of the string whose first byte after the quote is at `start`; checks that
    /// its bytes are UTF-8 without control characters. Escapes are checked when undone.
    @usableFromInline
    package static func scanString(
        _ input: UnsafeBufferPointer<UInt8>, from start: Int
    ) throws(JSONError) -> StringEnd {
        guard let base = input.baseAddress, start <= input.count else {
            throw unsafe JSONError(.unexpectedEnd(expected: "'\"'"), at: start, in: input)
        }
        let count = input.count
        var i = start
        var hasEscapes = false
        var isBeyondASCII: Int32 = 0
        while true {
            // In bounds: `i` is never above `count`.
            i &+= unsafe trawl_json_plain_run(base + i, count &- i, &isBeyondASCII)
            let stop = i < count ? unsafe base[i] : 0
            let isEnd = stop == 0x22
            if isBeyondASCII != 0, stop != 0x5c {
                guard unsafe trawl_utf8_is_valid(base + start, i &- start) != 0 else {
                    let place = unsafe placeOfBadUTF8(input, from: start)
                    throw unsafe JSONError(.invalidUTF8, at: place, in: input)
                }
            }
            if isEnd { return StringEnd(quote: i, hasEscapes: hasEscapes) }
            guard i < count else {
                throw unsafe JSONError(.unexpectedEnd(expected: "'\"'"), at: count, in: input)
            }
            guard stop == 0x5c else {
                throw unsafe JSONError(.controlCharacter(stop), at: i, in: input)
            }
            hasEscapes = true
            // What follows is a letter of an escape; half of a character is none.
            if i &+ 1 < count, unsafe base[i &+ 1] >= 0x80 {
                throw unsafe JSONError(.invalidEscape, at: i, in: input)
            }
            i = min(i &+ 2, count)
        }
    }

    /// How long the UTF-8 sequence at `i` is; 0 when it is none. As RFC 3629 has it: no overlong
    /// forms, no surrogates, nothing beyond U+10FFFF.
    @inline(__always)
    static func sequenceLength(_ input: UnsafeBufferPointer<UInt8>, at i: Int) -> Int {
        let count = input.count
        let first = unsafe input[i]
        if first < 0x80 { return 1 }
        if first < 0xe0 {
            guard first >= 0xc2, i &+ 1 < count else { return 0 }
            return unsafe input[i &+ 1] & 0xc0 == 0x80 ? 2 : 0
        }
        if first < 0xf0 {
            guard i &+ 2 < count else { return 0 }
            let second = unsafe input[i &+ 1]
            let third = unsafe input[i &+ 2]
            guard second & 0xc0 == 0x80, third & 0xc0 == 0x80 else { return 0 }
            if first == 0xe0 && second < 0xa0 { return 0 }
            if first == 0xed && second >= 0xa0 { return 0 }
            return 3
        }
        guard first < 0xf5, i &+ 3 < count else { return 0 }
        let second = unsafe input[i &+ 1]
        guard second & 0xc0 == 0x80, unsafe input[i &+ 2] & 0xc0 == 0x80,
            unsafe input[i &+ 3] & 0xc0 == 0x80
        else { return 0 }
        if first == 0xf0 && second < 0x90 { return 0 }
        if first == 0xf4 && second >= 0x90 { return 0 }
        return 4
    }

    @inline(never)
    private static func placeOfBadUTF8(
        _ input: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> Int {
        var i = start
        while i < input.count {
            let length = unsafe sequenceLength(input, at: i)
            if length == 0 { return i }
            i += length
        }
        return i
    }

    /// Puts the string between `start` and `end` into `text`, its escapes undone.
    @usableFromInline @inline(never)
    package static func unescape(
        _ input: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int,
        into text: inout [UInt8]
    ) throws(JSONError) {
        text.removeAll(keepingCapacity: true)
        var i = start
        while i < end {
            var next = i
            while next < end, unsafe input[next] != 0x5c { next &+= 1 }
            unsafe text.append(contentsOf: UnsafeBufferPointer(rebasing: input[i..<next]))
            if next == end { return }
            // `scanString` skipped two bytes at each backslash, so one follows before `end`.
            let letter = unsafe input[next + 1]
            i = next + 2
            switch letter {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0c)
            case UInt8(ascii: "n"): text.append(0x0a)
            case UInt8(ascii: "r"): text.append(0x0d)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"):
                i = try unsafe unescapeUnicode(input, backslash: next, end: end, into: &text)
            default:
                throw unsafe JSONError(.invalidEscape, at: next, in: input)
            }
        }
    }

    private static func unescapeUnicode(
        _ input: UnsafeBufferPointer<UInt8>, backslash: Int, end: Int, into text: inout [UInt8]
    ) throws(JSONError) -> Int {
        guard let unit = unsafe codeUnit(input, at: backslash, end: end) else {
            throw unsafe JSONError(.invalidEscape, at: backslash, in: input)
        }
        var scalar = UInt32(unit)
        var length = 6
        if unit & 0xf800 == 0xd800 {
            guard unit < 0xdc00,
                let low = unsafe codeUnit(input, at: backslash + 6, end: end),
                low & 0xfc00 == 0xdc00
            else { throw unsafe JSONError(.loneSurrogate, at: backslash, in: input) }
            scalar = 0x10000 + (UInt32(unit) & 0x3ff) << 10 + (UInt32(low) & 0x3ff)
            length = 12
        }
        if let value = UnicodeScalar(scalar) { text.append(contentsOf: UTF8.encode(value)!) }
        return backslash + length
    }

    /// The code unit of the escape `\uXXXX` at `place`.
    private static func codeUnit(
        _ input: UnsafeBufferPointer<UInt8>, at place: Int, end: Int
    ) -> UInt16? {
        guard place + 6 <= end, unsafe input[place] == 0x5c,
            unsafe input[place + 1] == UInt8(ascii: "u")
        else { return nil }
        var unit: UInt16 = 0
        for i in place + 2..<place + 6 {
            let digit: UInt8
            switch unsafe input[i] {
            case let byte where byte &- 0x30 < 10: digit = byte &- 0x30
            case let byte where (byte | 0x20) &- 0x61 < 6: digit = (byte | 0x20) &- 0x61 + 10
            default: return nil
            }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    /// The byte offset after the number at `start`, and whether it has neither fraction nor
    /// exponent.
    @usableFromInline
    package static func scanNumber(
        _ input: UnsafeBufferPointer<UInt8>, from start: Int
    ) throws(JSONError) -> (end: Int, isInteger: Bool) {
        let count = input.count
        var i = start
        var isInteger = true
        if unsafe input[i] == UInt8(ascii: "-") { i &+= 1 }
        guard i < count, unsafe input[i] &- 0x30 < 10 else {
            throw unsafe JSONError(.invalidNumber, at: i, in: input)
        }
        if unsafe input[i] == 0x30 {
            i &+= 1
            // A leading zero would make 010 eight to some readers and ten to others.
            if i < count, unsafe input[i] &- 0x30 < 10 {
                throw unsafe JSONError(.invalidNumber, at: i, in: input)
            }
        } else {
            while i < count, unsafe input[i] &- 0x30 < 10 { i &+= 1 }
        }
        if i < count, unsafe input[i] == UInt8(ascii: ".") {
            isInteger = false
            i = try unsafe digits(input, from: i &+ 1)
        }
        if i < count, unsafe input[i] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            i &+= 1
            if i < count,
                unsafe input[i] == UInt8(ascii: "+") || input[i] == UInt8(ascii: "-")
            {
                i &+= 1
            }
            i = try unsafe digits(input, from: i)
        }
        return (i, isInteger)
    }

    /// The end of one digit or more.
    private static func digits(
        _ input: UnsafeBufferPointer<UInt8>, from start: Int
    ) throws(JSONError) -> Int {
        var i = start
        while i < input.count, unsafe input[i] &- 0x30 < 10 { i &+= 1 }
        if i == start { throw unsafe JSONError(.invalidNumber, at: i, in: input) }
        return i
    }
}
