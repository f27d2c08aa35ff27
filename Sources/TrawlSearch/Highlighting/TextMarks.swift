internal import TrawlAnalysis
internal import TrawlQuery

/// A token of a text, and whether the query found it. Offsets are in UTF-16 code units, as
/// `fragment_size` counts and ICU reads.
struct MarkedToken {
    var start: Int
    var end: Int
    /// Which of the words found it is; nil for a token that was not found.
    var word: Int?
    /// A later word of a phrase: no cut goes before it.
    var continuesPhrase = false
}

/// The words that were found in the values of one field, numbered.
struct FoundWords {
    private var numbers = TermMap<Int>()
    private(set) var frequencies: [Int] = []

    mutating func number(of term: ArraySlice<UInt8>) -> Int {
        if let known = numbers[term] {
            frequencies[known] += 1
            return known
        }
        let number = frequencies.count
        numbers.set(Array(term), number)
        frequencies.append(1)
        return number
    }
}

/// How a field makes tokens of a value.
enum ValueTokens {
    case analyzed(Analyzer)
    /// One token, its characters folded by a normalizer.
    case whole(normalizer: Analyzer?)

    func read(_ text: [UInt8], into buffer: inout TokenBuffer) {
        switch self {
        case .analyzed(let analyzer): analyzer.analyze(text, into: &buffer)
        case .whole(let normalizer):
            buffer.removeAll()
            buffer.arena = normalizer?.normalize(text) ?? text
            buffer.tokens = [
                Token(
                    termStart: 0, termByteCount: Int32(buffer.arena.count), startByteOffset: 0,
                    endByteOffset: Int32(text.count), type: .word)
            ]
        }
    }
}

/// Finds what a query marks in the text of one field.
///
/// The text is analysed anew, so that every token is known with its place; the places in the
/// index's lists would not say which token of a synonym or a pair of characters it was.
struct TextMarks {
    private struct SlotPlace {
        var phrase: Int
        var slot: Int
    }

    private let tokens: ValueTokens
    private let tests: [TermTest]
    private let phrases: [AnalyzedPhrase]
    private var words = TermMap<Bool>()
    private var slots = TermMap<[SlotPlace]>()
    private var prefixSlots: [(test: TermTest, place: SlotPlace)] = []
    let isEmpty: Bool

    init(_ terms: HighlightTerms, tokens: ValueTokens) {
        self.tokens = tokens
        tests = terms.tests
        phrases = terms.phrases
        isEmpty = terms.isEmpty
        for term in terms.terms { words.set(term, true) }
        for (number, phrase) in phrases.enumerated() {
            for (index, slot) in phrase.slots.enumerated() {
                let place = SlotPlace(phrase: number, slot: index)
                for term in slot.terms {
                    if slot.isPrefix {
                        prefixSlots.append((TermTest(prefix: term), place))
                    } else {
                        slots.set(term, (slots[term[...]] ?? []) + [place])
                    }
                }
            }
        }
    }

    /// - Parameter limit: Tokens that begin behind it are left out.
    func tokens(of text: [UInt8], limit: Int = .max, found: inout FoundWords) -> [MarkedToken] {
        var buffer = TokenBuffer()
        tokens.read(text, into: &buffer)
        var offsets = UTF16Offsets(text)
        var occurrences = phrases.map {
            [PhrasePlaces.Slot](repeating: .init(), count: $0.slots.count)
        }
        var marked: [MarkedToken] = []
        marked.reserveCapacity(buffer.tokens.count)
        var isFound: [Bool] = []
        var position = -1
        for (index, token) in buffer.tokens.enumerated() {
            position += Int(token.positionIncrement)
            let start = offsets.units(at: Int(token.startByteOffset))
            if start > limit { break }
            let term = buffer.term(of: token)
            marked.append(
                MarkedToken(start: start, end: offsets.units(at: Int(token.endByteOffset))))
            isFound.append(words[term] != nil || tests.contains { $0.accepts(term) })
            for place in slots[term] ?? [] {
                occurrences[place.phrase][place.slot].append(position, token: index)
            }
            for (test, place) in prefixSlots where test.accepts(term) {
                occurrences[place.phrase][place.slot].append(position, token: index)
            }
        }
        for (phrase, slots) in zip(phrases, occurrences) {
            PhrasePlaces(phrase, slots).forEachToken { token, isFirst in
                isFound[token] = true
                if !isFirst { marked[token].continuesPhrase = true }
            }
        }
        for index in marked.indices where isFound[index] {
            marked[index].word = found.number(of: buffer.term(of: buffer.tokens[index]))
        }
        return marked
    }
}

/// Where the words of a phrase stand together in one text.
struct PhrasePlaces {
    /// The places of one slot's words, ascending.
    struct Slot {
        private(set) var positions: [Int] = []
        private(set) var tokens: [Int] = []

        mutating func append(_ position: Int, token: Int) {
            positions.append(position)
            tokens.append(token)
        }

        /// The first place not before a position.
        func place(from position: Int) -> Int {
            var low = 0
            var high = positions.count
            while low < high {
                let middle = (low + high) / 2
                if positions[middle] < position { low = middle + 1 } else { high = middle }
            }
            return low
        }

        func forEachToken(at position: Int, _ body: (Int) -> Void) {
            var place = place(from: position)
            while place < positions.count, positions[place] == position {
                body(tokens[place])
                place += 1
            }
        }
    }

    private let phrase: AnalyzedPhrase
    private let slots: [Slot]

    init(_ phrase: AnalyzedPhrase, _ slots: [Slot]) {
        self.phrase = phrase
        self.slots = slots
    }

    /// Calls back with each token of each place, and whether it is the place's first.
    func forEachToken(_ body: (_ token: Int, _ isFirst: Bool) -> Void) {
        if slots.contains(where: \.positions.isEmpty) { return }
        if phrase.slop == 0 { exact(body) } else { sloppy(body) }
    }

    private func exact(_ body: (Int, Bool) -> Void) {
        let base = phrase.slots[0].position
        for start in slots[0].positions {
            let wanted = phrase.slots.map { start + $0.position - base }
            let stands = zip(slots, wanted).allSatisfy { slot, position in
                let place = slot.place(from: position)
                return place < slot.positions.count && slot.positions[place] == position
            }
            guard stands else { continue }
            for (index, slot) in slots.enumerated() {
                slot.forEachToken(at: wanted[index]) { body($0, index == 0) }
            }
        }
    }

    /// As Lucene's unordered spans, which are more generous than the query: the words in any
    /// order with at most `slop` others between, and those that analysis dropped from the phrase.
    /// The places are found by moving the word that is furthest back on.
    private func sloppy(_ body: (Int, Bool) -> Void) {
        let first = phrase.slots[0].position
        let last = phrase.slots[phrase.slots.count - 1].position
        let room = phrase.slop + max(0, last - first + 1 - phrase.slots.count)
        var places = [Int](repeating: 0, count: slots.count)
        while true {
            let positions = slots.indices.map { slots[$0].positions[places[$0]] }
            let least = positions.indices.min { positions[$0] < positions[$1] } ?? 0
            let start = positions[least]
            if (positions.max() ?? start) - start + 1 - slots.count <= room {
                for index in slots.indices {
                    body(slots[index].tokens[places[index]], positions[index] == start)
                }
            }
            places[least] += 1
            if places[least] == slots[least].positions.count { return }
        }
    }
}
