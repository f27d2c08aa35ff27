/// `path_hierarchy`: `/a/b/c` gives `/a`, `/a/b`, `/a/b/c`, all at one position; in reverse the
/// endings `/a/b/c`, `a/b/c`, `b/c`, `c`.
struct PathHierarchyTokenizer: Tokenizer {
    let delimiter: [UInt8]
    let replacement: [UInt8]
    let skip: Int
    let isReversed: Bool

    init(settings: AnalysisSettings) throws(AnalysisError) {
        let delimiter = try settings.string("delimiter") ?? "/"
        let replacement = try settings.string("replacement") ?? delimiter
        guard delimiter.unicodeScalars.count == 1 else {
            throw settings.error("delimiter", "delimiter must be a one char value")
        }
        guard replacement.unicodeScalars.count == 1 else {
            throw settings.error("replacement", "replacement must be a one char value")
        }
        self.delimiter = Array(delimiter.utf8)
        self.replacement = Array(replacement.utf8)
        skip = try settings.int("skip", default: 0)
        isReversed = try settings.bool("reverse", default: false)
    }

    func tokenize(_ buffer: inout TokenBuffer) {
        let text = buffer.arena
        guard !text.isEmpty else { return }
        // Where delimiters begin, in the text and in the text with replacements.
        var places: [Int] = []
        var changedPlaces: [Int] = []
        var changed: [UInt8] = []
        var at = 0
        while at < text.count {
            if text[at...].starts(with: delimiter) {
                places.append(at)
                changedPlaces.append(changed.count)
                changed += replacement
                at += delimiter.count
            } else {
                changed.append(text[at])
                at += 1
            }
        }
        // Tokens share the bytes of one copy, so a path of n parts needs n tokens and no n² bytes.
        var base = 0
        if replacement != delimiter {
            base = buffer.arena.count
            buffer.arena += changed
        }
        func add(_ start: Int, _ end: Int, _ changedStart: Int, _ changedEnd: Int) {
            guard end > start else { return }
            buffer.tokens.append(
                Token(
                    termStart: Int32(base + changedStart),
                    termByteCount: Int32(changedEnd - changedStart),
                    startByteOffset: Int32(start), endByteOffset: Int32(end),
                    positionIncrement: buffer.tokens.isEmpty ? 1 : 0, type: .word))
        }
        // A delimiter at the very beginning belongs to the first part.
        let cuts = Array(places.indices.filter { places[$0] > 0 })
        if isReversed {
            let ends = [-1] + Array(places.indices)
            let last = ends.count - 1 - skip
            guard last >= 0 else { return }
            let end = skip == 0 ? text.count : places[ends[last + 1]] + delimiter.count
            let changedEnd =
                skip == 0 ? changed.count : changedPlaces[ends[last + 1]] + replacement.count
            for index in 0...last {
                let place = ends[index]
                add(
                    place < 0 ? 0 : places[place] + delimiter.count, end,
                    place < 0 ? 0 : changedPlaces[place] + replacement.count, changedEnd)
            }
        } else {
            guard skip <= cuts.count else { return }
            let start = skip == 0 ? 0 : places[cuts[skip - 1]]
            let changedStart = skip == 0 ? 0 : changedPlaces[cuts[skip - 1]]
            for cut in cuts.dropFirst(skip) {
                add(start, places[cut], changedStart, changedPlaces[cut])
            }
            add(start, text.count, changedStart, changed.count)
        }
    }
}
