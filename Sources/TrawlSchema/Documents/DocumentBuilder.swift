package import TrawlAnalysis
internal import TrawlDocument

/// Puts values of fields into a `ParsedDocument`.
///
/// Values of several fields come interleaved: a text and its keyword twin, objects of an array.
/// So the occurrences of a field may lie in several runs until `finish` lays them side by side.
package struct DocumentBuilder: Sendable {
    /// Where a field stands in the document that is being built.
    private struct FieldState {
        /// The document the rest is about; any other means untouched.
        var epoch: UInt32 = 0
        var runCount: Int32 = 0
        var position: Int32 = -1
        var byteOffset: Int32 = 0
        var length: Int32 = 0
    }

    private struct Run {
        var field: FieldNumber
        var occurrences: Range<Int>
    }

    /// What a text field needs to become tokens.
    package struct TextAnalysis: Sendable {
        package var analyzer: Analyzer
        package var positionIncrementGap: Int32
    }

    package internal(set) var document = ParsedDocument()
    private var states: [FieldState] = []
    private var epoch: UInt32 = 0
    private var runs: [Run] = []
    private var isFragmented = false
    private var fieldNames: [FieldNumber] = []
    /// Paths inside flat objects, which have no number.
    private var pathNames: Set<String> = []
    private var ignored: [FieldNumber] = []
    private var tokens = TokenBuffer()

    /// By field number; nil for fields without.
    var analyses: [TextAnalysis?] = []
    var normalizers: [Analyzer?] = []
    var names: [[UInt8]] = []
    /// Whether a field goes to `_field_names`.
    var isNamed: [Bool] = []
    /// Why an inverted list cannot take the document.
    enum Obstacle: Sendable {
        case immenseTerm(FieldNumber, prefix: [UInt8], byteCount: Int)
        case position(FieldNumber, Int)
        case byteCount
    }

    /// The first one found.
    private(set) var obstacle: Obstacle?

    static let maxTermByteCount = 32_766
    static let maxPosition = Int(Int32.max) - 128
    /// Places in `ParsedDocument.bytes` are 32 bits wide.
    static let maxByteCount = 1 << 30

    init(fieldCount: Int) { states = Array(repeating: FieldState(), count: fieldCount) }

    mutating func start() {
        document.removeAll()
        runs.removeAll(keepingCapacity: true)
        fieldNames.removeAll(keepingCapacity: true)
        ignored.removeAll(keepingCapacity: true)
        if !pathNames.isEmpty { pathNames.removeAll() }
        isFragmented = false
        obstacle = nil
        epoch &+= 1
        if epoch == 0 {
            for index in states.indices { states[index].epoch = 0 }
            epoch = 1
        }
    }

    /// Touches a field: from here on the document has it.
    private mutating func touch(_ field: FieldNumber) -> Int {
        let index = Int(field.value)
        if states[index].epoch != epoch {
            states[index] = FieldState(epoch: epoch)
            if isNamed[index] { fieldNames.append(field) }
        }
        return index
    }

    /// The document has the field, though it keeps nothing of it that `exists` could ask.
    package mutating func markPresent(_ field: FieldNumber) { _ = touch(field) }

    /// The document has something at a path that is no field of its own.
    package mutating func markPresent(name: String) { pathNames.insert(name) }

    package func name(of field: FieldNumber) -> String {
        String(decoding: names[Int(field.value)], as: UTF8.self)
    }

    /// A value was left out: `_ignored` says so.
    package mutating func markIgnored(_ field: FieldNumber) {
        if !ignored.contains(field) { ignored.append(field) }
    }

    private mutating func hasRoom(for byteCount: Int) -> Bool {
        if document.bytes.count + byteCount <= Self.maxByteCount { return true }
        if obstacle == nil { obstacle = .byteCount }
        return false
    }

    private mutating func append(_ text: Span<UInt8>) -> (start: Int32, byteCount: Int32) {
        let start = Int32(document.bytes.count)
        // The array copies out of the span before anything else happens.
        unsafe text.withUnsafeBufferPointer { unsafe document.bytes.append(contentsOf: $0) }
        return (start, Int32(text.count))
    }

    package mutating func add(number: Int64, to field: FieldNumber) {
        _ = touch(field)
        document.numbers.append(.init(field: field, value: number))
    }

    /// A value of a bytes column, a term, or both with their bytes kept once.
    package mutating func add(
        bytes text: Span<UInt8>, to field: FieldNumber, asTerm: Bool, asValue: Bool
    ) {
        let index = touch(field)
        guard hasRoom(for: text.count) else { return }
        let (start, byteCount) = append(text)
        if asValue {
            document.values.append(.init(field: field, start: start, byteCount: byteCount))
        }
        guard asTerm else { return }
        guard byteCount <= Self.maxTermByteCount else {
            noteImmense(field, start, byteCount)
            return
        }
        let position = states[index].position + 1
        states[index].position = position
        states[index].length += 1
        open(field, index)
        document.occurrences.append(
            .init(
                termStart: start, termByteCount: byteCount, position: position,
                startByteOffset: 0, endByteOffset: byteCount))
        close()
    }

    package mutating func add(
        bytes: [UInt8], to field: FieldNumber, asTerm: Bool, asValue: Bool
    ) {
        add(bytes: bytes.span, to: field, asTerm: asTerm, asValue: asValue)
    }

    /// What the field's analyzer makes of a text; nothing is added.
    package mutating func tokens(of text: [UInt8], for field: FieldNumber) -> TokenBuffer {
        tokens.removeAll()
        analyses[Int(field.value)]?.analyzer.analyze(text, into: &tokens)
        return tokens
    }

    /// The tokens of a text, behind those that the field has already.
    package mutating func add(text: Span<UInt8>, to field: FieldNumber, asValues: Bool = false) {
        let index = touch(field)
        guard let analysis = analyses[index] else {
            assertionFailure("a text field without an analyzer")
            return
        }
        tokens.removeAll()
        guard hasRoom(for: text.count) else { return }
        analysis.analyzer.analyze(text, into: &tokens)
        guard hasRoom(for: tokens.arena.count) else { return }
        let base = states[index].byteOffset
        var position = Int(states[index].position)
        var length = states[index].length
        let arenaStart = Int32(document.bytes.count)
        document.bytes.append(contentsOf: tokens.arena)
        if !tokens.tokens.isEmpty { open(field, index) }
        for token in tokens.tokens {
            position += Int(token.positionIncrement)
            // Nothing stands before the first position.
            if position < 0 { position = 0 }
            if position > Self.maxPosition {
                if obstacle == nil { obstacle = .position(field, position) }
                break
            }
            if token.termByteCount > Self.maxTermByteCount {
                noteImmense(field, token.termStart + arenaStart, token.termByteCount)
                continue
            }
            if token.positionIncrement > 0 { length += 1 }
            document.occurrences.append(
                .init(
                    termStart: token.termStart + arenaStart, termByteCount: token.termByteCount,
                    position: Int32(position), startByteOffset: base + token.startByteOffset,
                    endByteOffset: base + token.endByteOffset))
            if asValues {
                document.values.append(
                    .init(
                        field: field, start: token.termStart + arenaStart,
                        byteCount: token.termByteCount))
            }
        }
        close()
        states[index].length = length
        // What lies beyond is found to be too far with the next token.
        let next = position + Int(tokens.trailingPositions) + Int(analysis.positionIncrementGap)
        states[index].position = Int32(min(next, Self.maxPosition))
        states[index].byteOffset = base + Int32(text.count) + 1
    }

    /// How many tokens a text has, all told or only those that do not stack on another.
    mutating func tokenCount(
        of text: Span<UInt8>, in field: FieldNumber, positionIncrements: Bool
    ) -> Int {
        guard let analysis = analyses[Int(field.value)] else { return 0 }
        tokens.removeAll()
        analysis.analyzer.analyze(text, into: &tokens)
        if !positionIncrements {
            return tokens.tokens.count { $0.positionIncrement > 0 }
        }
        return tokens.tokens.reduce(0) { $0 + Int($1.positionIncrement) }
            + Int(tokens.trailingPositions)
    }

    func normalized(_ text: Span<UInt8>, for field: FieldNumber) -> [UInt8]? {
        guard let normalizer = normalizers[Int(field.value)] else { return nil }
        var bytes: [UInt8] = []
        unsafe text.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        return normalizer.normalize(bytes)
    }

    private mutating func noteImmense(_ field: FieldNumber, _ start: Int32, _ byteCount: Int32) {
        guard obstacle == nil else { return }
        let prefix = document.bytes[Int(start)..<Int(start) + 30]
        obstacle = .immenseTerm(field, prefix: Array(prefix), byteCount: Int(byteCount))
    }

    private mutating func open(_ field: FieldNumber, _ index: Int) {
        if let last = runs.last, last.field == field { return }
        let start = document.occurrences.count
        if states[index].runCount > 0 { isFragmented = true }
        states[index].runCount += 1
        runs.append(Run(field: field, occurrences: start..<start))
    }

    private mutating func close() {
        guard let last = runs.indices.last else { return }
        runs[last].occurrences =
            runs[last].occurrences.lowerBound..<document.occurrences.count
    }

    /// Whatever is in the document belongs to the one around it, too: `include_in_parent`.
    mutating func include(_ other: DocumentBuilder) {
        guard hasRoom(for: other.document.bytes.count) else { return }
        let shift = Int32(document.bytes.count)
        document.bytes.append(contentsOf: other.document.bytes)
        for number in other.document.numbers { add(number: number.value, to: number.field) }
        for value in other.document.values {
            _ = touch(value.field)
            document.values.append(
                .init(field: value.field, start: value.start + shift, byteCount: value.byteCount))
        }
        for run in other.runs {
            let index = touch(run.field)
            let base = max(0, states[index].position + 1)
            open(run.field, index)
            for var occurrence in other.document.occurrences[run.occurrences] {
                occurrence.termStart += shift
                occurrence.position += base
                states[index].position = max(states[index].position, occurrence.position)
                document.occurrences.append(occurrence)
            }
            states[index].length += other.states[index].length
            close()
        }
        for field in other.fieldNames { _ = touch(field) }
        for field in other.ignored { markIgnored(field) }
        pathNames.formUnion(other.pathNames)
    }

    /// Adds what is known only now, and lays each field's occurrences side by side.
    mutating func finish(routing: String?) {
        for field in fieldNames {
            add(
                bytes: names[Int(field.value)], to: Mapping.fieldNamesField, asTerm: true,
                asValue: false)
        }
        for name in pathNames.sorted() {
            add(
                bytes: Array(name.utf8), to: Mapping.fieldNamesField, asTerm: true,
                asValue: false)
        }
        for field in ignored {
            add(
                bytes: names[Int(field.value)], to: Mapping.ignoredField, asTerm: true,
                asValue: true)
        }
        document.routing = routing
        if let routing {
            add(bytes: Array(routing.utf8), to: Mapping.routingField, asTerm: true, asValue: true)
        }
        if !isFragmented {
            for run in runs { addTerms(run.field, run.occurrences) }
            return
        }
        var gathered: [ParsedDocument.Occurrence] = []
        gathered.reserveCapacity(document.occurrences.count)
        var runsByField: [Int32: [Range<Int>]] = [:]
        var order: [FieldNumber] = []
        for run in runs {
            if runsByField[run.field.value] == nil { order.append(run.field) }
            runsByField[run.field.value, default: []].append(run.occurrences)
        }
        for field in order {
            let start = gathered.count
            for range in runsByField[field.value] ?? [] {
                gathered.append(contentsOf: document.occurrences[range])
            }
            addTerms(field, start..<gathered.count)
        }
        document.occurrences = gathered
    }

    private mutating func addTerms(_ field: FieldNumber, _ occurrences: Range<Int>) {
        guard !occurrences.isEmpty else { return }
        document.terms.append(
            .init(
                field: field, occurrences: occurrences,
                length: states[Int(field.value)].length))
    }
}
