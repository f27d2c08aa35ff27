/// Finds the line and the column of a place in a request's text.
///
/// Parsed trees do not carry places, since most requests are right: the text of a wrong one is
/// read a second time.
package enum RequestPlace {
    /// Fills in line and column of the error and of its causes.
    package static func locate(_ error: QueryError, in text: [UInt8]) -> QueryError {
        var error = error
        if error.line == nil, let offset = byteOffset(of: error.path, key: error.isAtKey, in: text)
        {
            var line = 1
            var column = 1
            for byte in text[..<offset] {
                if byte == 0x0a {
                    line += 1
                    column = 1
                } else {
                    column += 1
                }
            }
            error.line = line
            error.column = column
            let prefixed =
                error.type == "x_content_parse_exception"
                || error.type == "named_object_not_found_exception"
            if prefixed { error.reason = "[\(line):\(column)] \(error.reason)" }
        }
        error.causes = error.causes.map { locate($0, in: text) }
        return error
    }

    private static func byteOffset(
        of path: [RequestStep], key: Bool, in text: [UInt8]
    ) -> Int? {
        var scanner = Scanner(text: text)
        scanner.skipSpace()
        for (i, step) in path.enumerated() {
            let wantsKey = key && i == path.count - 1
            switch step {
            case .key(let name):
                guard let places = scanner.member(name) else { return nil }
                scanner.position = wantsKey ? places.key : places.value
            case .index(let index):
                // A value that stands where an array may: the step leads nowhere further.
                if scanner.position < text.count, text[scanner.position] != 0x5b { continue }
                guard let place = scanner.element(index) else { return nil }
                scanner.position = place
            }
        }
        return scanner.position
    }

    /// Walks over JSON that is known to be well formed.
    private struct Scanner {
        let text: [UInt8]
        var position = 0

        init(text: [UInt8]) { self.text = text }

        mutating func skipSpace() {
            while position < text.count {
                switch text[position] {
                case 0x20, 0x09, 0x0a, 0x0d: position += 1
                default: return
                }
            }
        }

        mutating func skipString() {
            position += 1
            while position < text.count, text[position] != 0x22 {
                position += text[position] == 0x5c ? 2 : 1
            }
            position += 1
        }

        mutating func skipValue() {
            var open = 0
            repeat {
                skipSpace()
                guard position < text.count else { return }
                switch text[position] {
                case 0x22: skipString()
                case 0x7b, 0x5b:
                    open += 1
                    position += 1
                case 0x7d, 0x5d:
                    open -= 1
                    position += 1
                case 0x2c, 0x3a: position += 1
                default:
                    while position < text.count, !Self.endsScalar(text[position]) { position += 1 }
                }
            } while open > 0
        }

        static func endsScalar(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x20, 0x09, 0x0a, 0x0d, 0x2c, 0x7d, 0x5d, 0x3a: true
            default: false
            }
        }

        mutating func member(_ name: String) -> (key: Int, value: Int)? {
            guard position < text.count, text[position] == 0x7b else { return nil }
            let wanted = Array(name.utf8)
            position += 1
            while true {
                skipSpace()
                guard position < text.count, text[position] == 0x22 else { return nil }
                let key = position
                skipString()
                let isWanted = text[(key + 1)..<(position - 1)].elementsEqual(wanted)
                skipSpace()
                position += 1
                skipSpace()
                if isWanted { return (key, position) }
                skipValue()
                skipSpace()
                guard position < text.count, text[position] == 0x2c else { return nil }
                position += 1
            }
        }

        mutating func element(_ index: Int) -> Int? {
            position += 1
            for i in 0...index {
                skipSpace()
                if i == index { return position < text.count ? position : nil }
                skipValue()
                skipSpace()
                guard position < text.count, text[position] == 0x2c else { return nil }
                position += 1
            }
            return nil
        }
    }
}
