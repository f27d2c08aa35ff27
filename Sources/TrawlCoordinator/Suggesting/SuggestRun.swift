internal import TrawlAnalysis
internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema

/// Answers the `suggest` of a request over all shards of a view.
struct SuggestRun {
    private let view: SearchView
    private let request: SearchRequest
    private let coordinator: Coordinator

    init(_ request: SearchRequest, in view: SearchView, _ coordinator: Coordinator) {
        self.view = view
        self.request = request
        self.coordinator = coordinator
    }

    func answers() throws -> [SuggestAnswer] {
        try (request.suggest?.entries ?? []).map { entry in
            let entries: [JSONValue]
            switch entry.form {
            case .term(let term): entries = try self.entries(term, entry.text)
            case .phrase(let phrase): entries = [try self.entry(phrase, entry.text)]
            case .completion(let completion):
                entries = [try self.entry(completion, entry.text)]
            }
            return SuggestAnswer(name: entry.name, form: entry.form.name, entries: entries)
        }
    }

    /// The shards whose mapping has a field.
    private func parts(with field: String) throws(QueryError) -> [SearchView.Part] {
        let parts = view.parts.filter { $0.target.index.mapping.mapping.field(field) != nil }
        if parts.isEmpty, !view.parts.isEmpty {
            throw .illegalArgument("no mapping found for field [\(field)]")
        }
        return parts
    }

    // MARK: Words and phrases

    private func dictionary(_ field: String) throws(QueryError) -> SuggestDictionary {
        SuggestDictionary(field: field, views: try parts(with: field).map(\.view))
    }

    /// What the text is made of, in the words of a field. Offsets are in UTF-16.
    private func words(
        of text: String, _ field: String, analyzer name: String?
    ) throws -> [SuggestWord] {
        guard let index = try parts(with: field).first?.target.index else { return [] }
        let type = index.mapping.mapping.field(field)?.type
        let name = name ?? (type as? TextType)?.searchAnalyzer ?? "keyword"
        let analyzer: Analyzer
        do {
            analyzer = try index.mapping.analyzers.analyzer(forMapping: name)
        } catch {
            throw QueryError.illegalArgument("analyzer [\(name)] doesn't exists")
        }
        let buffer = analyzer.analyze(text)
        var offsets = UTF16Offsets(text)
        // Pairs of words stand beside the words that they are of.
        return buffer.tokens.filter { $0.type != .shingle }.map { token in
            let start = offsets.units(at: Int(token.startByteOffset))
            return SuggestWord(
                text: buffer.termString(of: token), start: start,
                length: offsets.units(at: Int(token.endByteOffset)) - start)
        }
    }

    private func entries(_ term: TermSuggest, _ text: String) throws -> [JSONValue] {
        let suggester = TermSuggester(term, try dictionary(term.field))
        return try words(of: text, term.field, analyzer: term.analyzer).map { word in
            let options = try suggester.options(for: word.text)
            return [
                "text": .string(word.text), "offset": JSONValue(word.start),
                "length": JSONValue(word.length),
                "options": .array(
                    options.prefix(term.size ?? TermSuggest.defaultSize).map { option in
                        [
                            "text": .string(option.text), "score": JSONValue(option.score),
                            "freq": JSONValue(option.docCount),
                        ]
                    }),
            ]
        }
    }

    private func entry(_ phrase: PhraseSuggest, _ text: String) throws -> JSONValue {
        let words = try words(of: text, phrase.field, analyzer: phrase.analyzer).map(\.text)
        let generators =
            phrase.generators.isEmpty ? [Self.generator(phrase.field)] : phrase.generators
        let suggester = try PhraseSuggester(
            phrase, try dictionary(phrase.field), gramSize: try gramSize(phrase),
            generators: try generators.map { generator in
                TermSuggester(generator, try dictionary(generator.field))
            })
        var options: [JSONValue] = []
        for option in try suggester.options(for: words) {
            var json: JSONObject = ["text": .string(option.text)]
            json["highlighted"] = option.highlighted.map { .string($0) }
            json["score"] = JSONValue(Float(option.score))
            if let collate = phrase.collate {
                let matches = try collates(collate, option.text)
                if !matches, !collate.prunes { continue }
                if collate.prunes { json["collate_match"] = .bool(matches) }
            }
            options.append(.object(json))
            if options.count == phrase.size { break }
        }
        return [
            "text": .string(text), "offset": 0, "length": JSONValue(text.utf16.count),
            "options": .array(options),
        ]
    }

    private static func generator(_ field: String) -> TermSuggest {
        var generator = TermSuggest()
        generator.field = field
        return generator
    }

    /// As many words as the longest shingles of the field have, unless the request says.
    private func gramSize(_ phrase: PhraseSuggest) throws -> Int {
        if let size = phrase.gramSize { return size }
        guard let index = try parts(with: phrase.field).first?.target.index,
            let text = index.mapping.mapping.field(phrase.field)?.type as? TextType,
            let analyzer = try? index.mapping.analyzers.analyzer(forMapping: text.analyzer)
        else { return 1 }
        // The words of a sentence show what the analyzer joins.
        let buffer = analyzer.analyze("a1 b2 c3 d4 e5")
        let longest = buffer.tokens.filter { $0.type == .shingle }.map { token in
            buffer.term(of: token).count { $0 == UInt8(ascii: " ") } + 1
        }.max()
        return longest ?? 1
    }

    private func collates(_ collate: PhraseSuggest.Collate, _ text: String) throws -> Bool {
        var source = collate.source
        var params = collate.params
        params["suggestion"] = .string(text)
        for (name, value) in params {
            // Within the quotes of the template's JSON.
            let literal =
                value.stringValue == nil
                ? value.description
                : String(
                    value.description.dropFirst().dropLast())
            source = source.replacing("{{\(name)}}", with: literal)
        }
        let query = try QueryDSL.parse(try JSONValue.parse(source))
        return try coordinator.count(query, in: view, terminateAfter: 1).count > 0
    }

    // MARK: Completions

    private func entry(_ completion: CompletionSuggest, _ text: String) throws -> JSONValue {
        struct Place {
            var part: Int
            var option: Int
        }
        let parts = try parts(with: completion.field)
        let found = try parts.map { try $0.view.completions(completion, of: text) }
        func option(_ place: Place) -> ShardCompletions.Option {
            found[place.part].options[place.option]
        }
        var places = found.indices.flatMap { part in
            found[part].options.indices.map { Place(part: part, option: $0) }
        }
        places.sort { left, right in
            let (a, b) = (option(left), option(right))
            if a.score != b.score { return a.score > b.score }
            if a.text != b.text {
                return a.text.utf8.lexicographicallyPrecedes(b.text.utf8)
            }
            return a.stamp < b.stamp
        }
        if completion.skipsDuplicates {
            var seen: Set<String> = []
            places = places.filter { seen.insert(option($0).text).inserted }
        }
        let options = try places.prefix(completion.size).map { place -> JSONValue in
            let own = option(place)
            let hit = try found[place.part].fetch(place.option, request.source)
            var json: JSONObject = [
                "text": .string(own.text),
                "_index": .string(parts[place.part].target.index.name), "_id": .string(hit.id),
            ]
            json["_routing"] = hit.routing.map { .string($0) }
            json["_score"] = JSONValue(own.score)
            json["_source"] = try hit.source.map { try JSONValue.parse($0) }
            if !own.contexts.isEmpty { json["contexts"] = .object(own.contexts) }
            return .object(json)
        }
        return [
            "text": .string(text), "offset": 0, "length": JSONValue(text.utf16.count),
            "options": .array(options),
        ]
    }
}

/// A word of the text that something is suggested for.
struct SuggestWord {
    var text: String
    var start: Int
    var length: Int
}
