internal import CICU

/// `word_delimiter_graph` and `word_delimiter`: cuts terms at signs, at changes of case and
/// between letters and digits, and joins the pieces again where asked.
struct WordDelimiterFilter: TokenFilter {
    private struct Kind: OptionSet {
        let rawValue: UInt8
        static let lower = Kind(rawValue: 1)
        static let upper = Kind(rawValue: 2)
        static let alpha = Kind(rawValue: 3)
        static let digit = Kind(rawValue: 4)
        static let alphanumeric = Kind(rawValue: 7)
        static let delimiter = Kind([])
    }
    private struct Piece {
        var start: Int
        var end: Int
        var isNumber: Bool
    }

    let isGraph: Bool
    let generatesWords, generatesNumbers, catenatesWords, catenatesNumbers, catenatesAll: Bool
    let keepsOriginal, splitsOnCase, splitsOnNumerics, stemsPossessive, adjustsOffsets: Bool
    let protected: TermSet
    private let table: [UInt32: Kind]

    init(settings: AnalysisSettings, isGraph: Bool) throws(AnalysisError) {
        self.isGraph = isGraph
        generatesWords = try settings.bool("generate_word_parts", default: true)
        generatesNumbers = try settings.bool("generate_number_parts", default: true)
        catenatesWords = try settings.bool("catenate_words", default: false)
        catenatesNumbers = try settings.bool("catenate_numbers", default: false)
        catenatesAll = try settings.bool("catenate_all", default: false)
        keepsOriginal = try settings.bool("preserve_original", default: false)
        splitsOnCase = try settings.bool("split_on_case_change", default: true)
        splitsOnNumerics = try settings.bool("split_on_numerics", default: true)
        stemsPossessive = try settings.bool("stem_english_possessive", default: true)
        adjustsOffsets = try settings.bool("adjust_offsets", default: true)
        protected = TermSet(try settings.words("protected_words"))
        var table: [UInt32: Kind] = [:]
        for rule in try settings.lines("type_table") ?? [] {
            let sides = rule.split(separator: "=>", omittingEmptySubsequences: false).map {
                AnalysisSettings.trimmed(String($0))
            }
            let key = sides.first.map(MappingCharFilter.unescaped)?.unicodeScalars.first
            guard sides.count == 2, let key else {
                throw settings.error("type_table", "Invalid Mapping Rule : [\(rule)]")
            }
            switch sides[1] {
            case "LOWER": table[key.value] = .lower
            case "UPPER": table[key.value] = .upper
            case "ALPHA": table[key.value] = .alpha
            case "DIGIT": table[key.value] = .digit
            case "ALPHANUM": table[key.value] = .alphanumeric
            case "SUBWORD_DELIM": table[key.value] = .delimiter
            default:
                throw settings.error(
                    "type_table", "Invalid Mapping Rule : [\(rule)]. Illegal type.")
            }
        }
        self.table = table
    }

    private func kind(_ scalar: UInt32) -> Kind {
        if let kind = table[scalar] { return kind }
        switch cicu_general_category(Int32(scalar)) {
        case 1: return .upper
        case 2: return .lower
        case 3...8: return .alpha
        case 9...11: return .digit
        default: return .delimiter
        }
    }

    private func breaks(_ last: Kind, _ kind: Kind) -> Bool {
        if !last.isDisjoint(with: kind) { return false }
        if !splitsOnCase, !last.isDisjoint(with: .alpha), !kind.isDisjoint(with: .alpha) {
            return false
        }
        if last == .upper, !kind.isDisjoint(with: .lower) { return false }
        if !splitsOnNumerics,
            !last.isDisjoint(with: .alpha) && kind == .digit
                || last == .digit && !kind.isDisjoint(with: .alpha)
        {
            return false
        }
        return true
    }

    private func pieces(_ term: [UInt8]) -> [Piece] {
        let bytes = term.span
        var scalars: [(at: Int, kind: Kind, value: UInt32)] = []
        var at = 0
        while at < bytes.count {
            let scalar = bytes.scalar(at: at)
            scalars.append((at, kind(scalar.value), scalar.value))
            at += scalar.byteCount
        }
        var pieces: [Piece] = []
        var index = 0
        while index < scalars.count {
            if scalars[index].kind == .delimiter {
                index += 1
                continue
            }
            if stemsPossessive, index > 0, scalars[index - 1].value == 0x27, !pieces.isEmpty,
                scalars[index].value | 0x20 == 0x73, pieces.last!.end == scalars[index - 1].at,
                index + 1 == scalars.count || scalars[index + 1].kind == .delimiter
            {
                index += 1
                continue
            }
            let start = index
            var last = scalars[index].kind
            var isNumber = last == .digit
            index += 1
            while index < scalars.count, scalars[index].kind != .delimiter {
                let kind = scalars[index].kind
                if breaks(last, kind) { break }
                // A word of one capital goes on in lower case; after that, case is as it is.
                last = kind
                if kind != .digit { isNumber = false }
                index += 1
            }
            pieces.append(
                Piece(
                    start: scalars[start].at,
                    end: index < scalars.count ? scalars[index].at : bytes.count,
                    isNumber: isNumber))
        }
        return pieces
    }

    func apply(to buffer: inout TokenBuffer) {
        var result: [Token] = []
        var hole: Int32 = 0
        for token in buffer.tokens {
            let term = Array(buffer.term(of: token))
            if token.isKeyword || protected.contains(term[...]) {
                result.append(token)
                result[result.count - 1].positionIncrement += hole
                hole = 0
                continue
            }
            let pieces = pieces(term)
            if pieces.count == 1, pieces[0].start == 0, pieces[0].end == term.count {
                var whole = token
                whole.positionIncrement += hole
                hole = 0
                result.append(whole)
                continue
            }
            let before = result.count
            split(token, term, pieces, &buffer.arena, &result)
            if result.count == before {
                hole += token.positionIncrement
            } else {
                result[before].positionIncrement += hole
                hole = 0
            }
        }
        buffer.tokens = result
        buffer.trailingPositions += hole
    }

    /// Tokens over positions `first..<last` of the pieces.
    private func split(
        _ token: Token, _ term: [UInt8], _ pieces: [Piece], _ arena: inout [UInt8],
        _ result: inout [Token]
    ) {
        var made: [(first: Int, last: Int, token: Token)] = []
        let sameLength =
            adjustsOffsets && Int(token.endByteOffset - token.startByteOffset) == term.count
        func part(_ start: Int, _ end: Int) -> Token {
            var part = token
            part.termStart += Int32(start)
            part.termByteCount = Int32(end - start)
            if sameLength {
                part.startByteOffset = token.startByteOffset + Int32(start)
                part.endByteOffset = token.startByteOffset + Int32(end)
            }
            return part
        }
        func generates(_ piece: Piece) -> Bool {
            piece.isNumber ? generatesNumbers : generatesWords
        }
        func join(_ range: Range<Int>, _ first: Int, _ last: Int) {
            var joined = part(pieces[range.lowerBound].start, pieces[range.upperBound - 1].end)
            joined.termStart = Int32(arena.count)
            for piece in pieces[range] { arena += term[piece.start..<piece.end] }
            joined.termByteCount = Int32(arena.count) - joined.termStart
            made.append((first, last, joined))
        }
        // A piece has a position of its own when it becomes a token; otherwise it shares.
        var positions: [Int] = []
        var position = 0
        for piece in pieces {
            positions.append(position)
            if generates(piece) {
                made.append((position, position + 1, part(piece.start, piece.end)))
                position += 1
            }
        }
        positions.append(position)
        func span(_ range: Range<Int>) -> (Int, Int) {
            let first = positions[range.lowerBound]
            return (first, max(first + 1, positions[range.upperBound]))
        }
        var start = 0
        while start < pieces.count {
            var end = start + 1
            while end < pieces.count, pieces[end].isNumber == pieces[start].isNumber { end += 1 }
            let wanted = pieces[start].isNumber ? catenatesNumbers : catenatesWords
            let isAll = catenatesAll && start == 0 && end == pieces.count
            if wanted, !isAll, end - start > 1 || !generates(pieces[start]) {
                let (first, last) = span(start..<end)
                join(start..<end, first, last)
            }
            start = end
        }
        if catenatesAll, !pieces.isEmpty, pieces.count > 1 || !generates(pieces[0]) {
            let (first, last) = span(0..<pieces.count)
            join(0..<pieces.count, first, last)
        }
        if keepsOriginal {
            made.append((0, max(1, position), token))
        }
        made.sort { ($0.first, -$0.last) < ($1.first, -$1.last) }
        var previous = -1
        for (first, last, var token) in made {
            let increment = previous < 0 ? token.positionIncrement : Int32(first - previous)
            token.positionIncrement = increment
            token.positionLength = isGraph ? Int32(last - first) : 1
            previous = first
            result.append(token)
        }
    }
}
