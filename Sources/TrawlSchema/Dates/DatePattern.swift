/// A pattern of java.time, compiled: what is read, and written, from left to right.
///
/// Besides Java's letters the built-in formats use three of our own, refused in a user's pattern:
/// `f` is a fraction of one to nine digits, written with at least three; `g` one of one to three
/// digits; `@` is an offset in any of its spellings or a region. `{}` is an option that is read
/// but never written.
struct DatePattern: Sendable {
    enum Field: Sendable {
        case year, weekYear, month, day, dayOfYear, week, weekday, quarter
        case hour, clockHour, halfDayHour, halfDayClockHour, minute, second
        case milliOfDay, nano
    }

    enum OffsetStyle: Sendable {
        case hours, hoursMinutes, colon
    }

    indirect enum Element: Sendable {
        case literal([UInt8])
        /// Read with `digits` digits; a year with a sign may have more.
        case number(Field, digits: ClosedRange<Int>)
        case twoDigitYear
        case fraction(digits: ClosedRange<Int>, written: ClosedRange<Int>)
        case name(Field, isFull: Bool)
        case halfDay
        case offset(OffsetStyle, zulu: Bool)
        case zone
        case anyZone
        case option([Element], isWritten: Bool)
    }

    var elements: [Element]

    struct Malformed: Error {
        var reason: String
    }

    init(_ pattern: String, allowsOwnLetters: Bool = false) throws(Malformed) {
        var stack: [([Element], isWritten: Bool)] = [([], true)]
        var literal: [UInt8] = []
        let bytes = Array(pattern.utf8)
        var at = 0
        func flush() {
            guard !literal.isEmpty else { return }
            stack[stack.count - 1].0.append(.literal(literal))
            literal = []
        }
        while at < bytes.count {
            let byte = bytes[at]
            switch byte {
            case UInt8(ascii: "'"):
                if at + 1 < bytes.count, bytes[at + 1] == byte {
                    literal.append(byte)
                    at += 2
                    continue
                }
                guard let end = bytes[(at + 1)...].firstIndex(of: byte) else {
                    throw Malformed(
                        reason: "Pattern ends with an incomplete string literal: \(pattern)")
                }
                literal.append(contentsOf: bytes[(at + 1)..<end])
                at = end + 1
            case let open where open == 0x5B || (open == 0x7B && allowsOwnLetters):
                flush()
                stack.append(([], byte == 0x5B))
                at += 1
            case let close where close == 0x5D || (close == 0x7D && allowsOwnLetters):
                flush()
                guard stack.count > 1, let inner = stack.popLast() else {
                    throw Malformed(
                        reason: "Pattern invalid as it contains ] without previous [")
                }
                stack[stack.count - 1].0.append(.option(inner.0, isWritten: inner.isWritten))
                at += 1
            case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "#"):
                let character = Character(Unicode.Scalar(byte))
                throw Malformed(reason: "Pattern includes reserved character: '\(character)'")
            case UInt8(ascii: "@") where allowsOwnLetters:
                flush()
                stack[stack.count - 1].0.append(.anyZone)
                at += 1
            case let letter where letter | 32 >= 97 && letter | 32 <= 122:
                flush()
                var count = 1
                while at + count < bytes.count, bytes[at + count] == letter { count += 1 }
                guard let element = DatePattern.element(letter, count, allowsOwnLetters) else {
                    let character = Character(Unicode.Scalar(letter))
                    let isKnown = "GuyDMLdQqYwWEecFaBhkKHmsSAnNvVzOXxZp".contains(character)
                    throw Malformed(
                        reason: isKnown
                            ? "Too many pattern letters: \(character)"
                            : "Unknown pattern letter: \(character)")
                }
                stack[stack.count - 1].0.append(element)
                at += count
            default:
                literal.append(byte)
                at += 1
            }
        }
        flush()
        // Java closes what is left open at the end.
        while stack.count > 1, let inner = stack.popLast() {
            stack[stack.count - 1].0.append(.option(inner.0, isWritten: inner.isWritten))
        }
        elements = stack[0].0
    }

    private static func element(_ letter: UInt8, _ count: Int, _ own: Bool) -> Element? {
        func number(_ field: Field, upTo limit: Int) -> Element? {
            switch count {
            case 1: .number(field, digits: 1...limit)
            case 2...max(2, limit): .number(field, digits: count...count)
            default: nil
            }
        }
        switch Character(Unicode.Scalar(letter)) {
        case "u", "y":
            return count == 2
                ? .twoDigitYear : .number(.year, digits: count == 1 ? 1...9 : count...9)
        case "Y": return .number(.weekYear, digits: count == 1 ? 1...9 : count...9)
        case "M", "L":
            if count > 4 { return nil }
            return count > 2 ? .name(.month, isFull: count == 4) : number(.month, upTo: 2)
        case "d": return number(.day, upTo: 2)
        case "D": return number(.dayOfYear, upTo: 3)
        case "w": return number(.week, upTo: 2)
        case "E": return count > 4 ? nil : .name(.weekday, isFull: count == 4)
        case "e", "c":
            if count > 4 { return nil }
            return count > 2 ? .name(.weekday, isFull: count == 4) : number(.weekday, upTo: 2)
        case "Q", "q": return number(.quarter, upTo: 2)
        case "H": return number(.hour, upTo: 2)
        case "k": return number(.clockHour, upTo: 2)
        case "K": return number(.halfDayHour, upTo: 2)
        case "h": return number(.halfDayClockHour, upTo: 2)
        case "m": return number(.minute, upTo: 2)
        case "s": return number(.second, upTo: 2)
        case "S":
            return count > 9 ? nil : .fraction(digits: count...count, written: count...count)
        case "A": return .number(.milliOfDay, digits: count...max(count, 9))
        case "n": return .number(.nano, digits: count...max(count, 9))
        case "a": return count == 1 ? .halfDay : nil
        case "Z":
            return count > 5 ? nil : .offset(count > 3 ? .colon : .hoursMinutes, zulu: count == 5)
        case "X", "x":
            if count > 5 { return nil }
            let style: OffsetStyle =
                count == 1 ? .hours : count == 2 || count == 4 ? .hoursMinutes : .colon
            return .offset(style, zulu: letter == UInt8(ascii: "X"))
        case "V": return count == 2 ? .zone : nil
        case "z", "v", "O": return .zone
        case "f" where own: return .fraction(digits: 1...9, written: 3...9)
        case "g" where own: return .fraction(digits: 1...3, written: 3...3)
        default: return nil
        }
    }

    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ]
    static let weekdays = [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]

    static func names(_ field: Field) -> [String] { field == .month ? months : weekdays }
}
