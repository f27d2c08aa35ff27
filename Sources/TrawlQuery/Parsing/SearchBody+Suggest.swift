internal import TrawlJSON

extension RequestReader {
    /// The `suggest` of a search.
    mutating func suggest(_ value: JSONValue) throws(QueryError) -> Suggest {
        var suggest = Suggest()
        let object = value.objectValue ?? [:]
        let global = try object["text"].map { value throws(QueryError) in try text(value, "text") }
        for (name, value) in object where name != "text" {
            guard value.objectValue != nil else {
                throw fail(
                    .illegalArgument("[suggest] does not support [\(name)]"), at: .key(name))
            }
            suggest.entries.append(
                try inside(.key(name)) { reader throws(QueryError) in
                    try reader.suggestion(name, value, global: global)
                })
        }
        return suggest
    }

    private mutating func suggestion(
        _ name: String, _ value: JSONValue, global: String?
    ) throws(QueryError) -> Suggest.Entry {
        var own: String?
        var isRegex = false
        var form: Suggest.Form?
        for (key, value) in value.objectValue ?? [:] {
            switch key {
            case "text", "prefix": own = try text(value, key)
            case "regex":
                own = try text(value, key)
                isRegex = true
            case "term" where value.objectValue != nil:
                form = .term(try inside(.key(key)) { r throws(QueryError) in try r.term(value) })
            case "phrase" where value.objectValue != nil:
                form = .phrase(
                    try inside(.key(key)) { r throws(QueryError) in try r.phrase(value) })
            case "completion" where value.objectValue != nil:
                form = .completion(
                    try inside(.key(key)) { r throws(QueryError) in try r.completion(value) })
            case _ where value.objectValue != nil:
                throw fail(
                    QueryError(
                        type: "named_object_not_found_exception",
                        reason: "unknown field [\(key)]"
                            + Suggestion.forUnknown(key, among: ["term", "phrase", "completion"])),
                    at: .key(key), atKey: true)
            default:
                throw fail(
                    .parsing("suggestion does not support [\(key)]"), at: .key(key))
            }
        }
        guard var form else { throw fail(.parsing("missing suggestion object")) }
        guard let text = own ?? global else {
            throw fail(.illegalArgument("The required text option is missing"))
        }
        if case .completion(var completion) = form, isRegex {
            if case .regex = completion.match {} else { completion.match = .regex(.init()) }
            form = .completion(completion)
        }
        return Suggest.Entry(name: name, text: text, form: form)
    }

    private func unsupported(_ key: String, of suggester: String) -> QueryError {
        fail(
            QueryError(
                type: "parse_exception",
                reason: "suggester[\(suggester)] doesn't support field [\(key)]"), at: .key(key))
    }

    private func checkField(_ field: String) throws(QueryError) {
        if field.isEmpty {
            throw fail(
                QueryError(
                    type: "parse_exception",
                    reason: "the required field option [field] is missing"))
        }
    }

    private func positive(_ value: JSONValue, _ key: String) throws(QueryError) -> Int {
        let number = try int(value, key)
        if number <= 0 { throw fail(.illegalArgument("\(key) must be positive"), at: .key(key)) }
        return number
    }

    private func choice<Choice: RawRepresentable & CaseIterable>(
        _ value: JSONValue, _ key: String, _ what: String
    ) throws(QueryError) -> Choice where Choice.RawValue == String {
        let name = try text(value, key)
        guard let choice = Choice(rawValue: name.lowercased()) else {
            throw fail(.illegalArgument("Illegal \(what) \(name)"), at: .key(key))
        }
        return choice
    }

    // MARK: Words

    private mutating func term(_ value: JSONValue) throws(QueryError) -> TermSuggest {
        var term = TermSuggest()
        for (key, value) in value.objectValue ?? [:] {
            guard try termOption(&term, key, value) else { throw unsupported(key, of: "term") }
        }
        try checkField(term.field)
        return term
    }

    /// - Returns: Whether there is an option of this name.
    private func termOption(
        _ term: inout TermSuggest, _ key: String, _ value: JSONValue
    ) throws(QueryError) -> Bool {
        switch key {
        case "field": term.field = try text(value, key)
        case "analyzer": term.analyzer = try text(value, key)
        case "size": term.size = try positive(value, key)
        case "shard_size", "max_inspections": _ = try int(value, key)
        case "sort": term.order = try choice(value, key, "suggestion sort")
        case "suggest_mode": term.mode = try choice(value, key, "suggest mode")
        case "string_distance": term.distance = try choice(value, key, "distance option")
        case "accuracy":
            term.accuracy = try double(value, key)
            if !(0...1).contains(term.accuracy) {
                throw fail(
                    .illegalArgument("accuracy must be between 0.0 and 1.0"), at: .key(key))
            }
        case "max_edits":
            term.maxEdits = try int(value, key)
            if !(1...2).contains(term.maxEdits) {
                throw fail(
                    .illegalArgument("maxEdits must be between 1 and 2"), at: .key(key))
            }
        case "prefix_length": term.prefixLength = try nonNegative(value, key, "prefixLength")
        case "min_word_length": term.minWordLength = try positive(value, key)
        case "min_doc_freq": term.minDocFrequency = try frequency(value, key, "minDocFreq")
        case "max_term_freq": term.maxTermFrequency = try frequency(value, key, "maxTermFreq")
        default: return false
        }
        return true
    }

    private func nonNegative(
        _ value: JSONValue, _ key: String, _ name: String
    ) throws(QueryError) -> Int {
        let number = try int(value, key)
        if number < 0 { throw fail(.illegalArgument("\(name) must be positive"), at: .key(key)) }
        return number
    }

    private func frequency(
        _ value: JSONValue, _ key: String, _ name: String
    ) throws(QueryError) -> Double {
        let number = try double(value, key)
        if number < 0 { throw fail(.illegalArgument("\(name) must be positive"), at: .key(key)) }
        if number > 1, number != number.rounded() {
            throw fail(
                .illegalArgument("if \(name) is greater than 1, it must not be a fraction"),
                at: .key(key))
        }
        return number
    }

    // MARK: Phrases

    private mutating func phrase(_ value: JSONValue) throws(QueryError) -> PhraseSuggest {
        var phrase = PhraseSuggest()
        for (key, value) in value.objectValue ?? [:] {
            switch key {
            case "field": phrase.field = try text(value, key)
            case "analyzer": phrase.analyzer = try text(value, key)
            case "size": phrase.size = try positive(value, key)
            case "shard_size": _ = try int(value, key)
            case "gram_size":
                let size = try int(value, key)
                if size < 1 {
                    throw fail(.illegalArgument("gramSize must be >= 1"), at: .key(key))
                }
                phrase.gramSize = size
            case "confidence":
                phrase.confidence = try double(value, key)
                if phrase.confidence < 0 {
                    throw fail(.illegalArgument("confidence must be >= 0.0"), at: .key(key))
                }
            case "real_word_error_likelihood":
                phrase.realWordErrorLikelihood = try double(value, key)
                if phrase.realWordErrorLikelihood <= 0 {
                    throw fail(
                        .illegalArgument("real_word_error_likelihood must be > 0.0"),
                        at: .key(key))
                }
            case "max_errors":
                phrase.maxErrors = try double(value, key)
                if phrase.maxErrors <= 0 {
                    throw fail(.illegalArgument("max_error must be > 0.0"), at: .key(key))
                }
            case "separator": phrase.separator = try text(value, key)
            case "token_limit": phrase.tokenLimit = try positive(value, key)
            case "force_unigrams": _ = try bool(value, key)
            case "highlight": phrase.tags = try highlightTags(value)
            case "smoothing": phrase.smoothing = try smoothing(value)
            case "collate": phrase.collate = try collate(value)
            case "direct_generator":
                try inside(.key(key)) { reader throws(QueryError) in
                    try reader.each(value) { reader, element throws(QueryError) in
                        phrase.generators.append(try reader.generator(element))
                    }
                }
            default: throw unsupported(key, of: "phrase")
            }
        }
        try checkField(phrase.field)
        return phrase
    }

    private func generator(_ value: JSONValue) throws(QueryError) -> TermSuggest {
        var term = TermSuggest()
        for (key, value) in value.objectValue ?? [:] {
            if key == "pre_filter" || key == "post_filter" {
                throw fail(
                    .illegalArgument("[\(key)] of a direct_generator is not supported"),
                    at: .key(key))
            }
            guard try termOption(&term, key, value) else {
                throw fail(
                    QueryError(
                        type: "x_content_parse_exception",
                        reason: "[direct_generator] unknown field [\(key)]"),
                    at: .key(key), atKey: true)
            }
        }
        try checkField(term.field)
        return term
    }

    private func highlightTags(
        _ value: JSONValue
    ) throws(QueryError) -> PhraseSuggest.Tags {
        guard let pre = value["pre_tag"]?.stringValue, let post = value["post_tag"]?.stringValue
        else {
            throw fail(
                .illegalArgument("Pre and post tag must both be null or both not be null."),
                at: .key("highlight"))
        }
        return PhraseSuggest.Tags(pre: pre, post: post)
    }

    private func smoothing(_ value: JSONValue) throws(QueryError) -> PhraseSuggest.Smoothing {
        guard let object = value.objectValue, object.count == 1,
            let (name, options) = object.members.first
        else {
            throw fail(.parsing("Missing smoothing model"), at: .key("smoothing"))
        }
        func number(_ key: String, _ usual: Double) throws(QueryError) -> Double {
            guard let value = options[key] else { return usual }
            return try double(value, key)
        }
        switch name {
        case "stupid_backoff": return .stupidBackoff(discount: try number("discount", 0.4))
        case "laplace": return .laplace(alpha: try number("alpha", 0.5))
        case "linear_interpolation":
            let trigram = try number("trigram_lambda", 0)
            let bigram = try number("bigram_lambda", 0)
            let unigram = try number("unigram_lambda", 0)
            if abs(trigram + bigram + unigram - 1) > 0.001 {
                throw fail(
                    .illegalArgument(
                        "linear smoothing: trigramLambda, bigramLambda, unigramLambda must sum to 1"
                    ), at: .key("smoothing"))
            }
            return .linear(trigram: trigram, bigram: bigram, unigram: unigram)
        default:
            throw fail(
                QueryError(
                    type: "named_object_not_found_exception", reason: "unknown field [\(name)]"),
                at: .key("smoothing"), .key(name), atKey: true)
        }
    }

    private func collate(_ value: JSONValue) throws(QueryError) -> PhraseSuggest.Collate {
        var source: String?
        for (key, inner) in value.objectValue ?? [:] {
            switch key {
            case "query":
                guard let template = inner["source"] ?? inner["inline"] else {
                    throw fail(
                        .illegalArgument("must specify either [source] or [id]"),
                        at: .key("collate"))
                }
                source = template.stringValue ?? template.description
            case "params", "prune": break
            default:
                throw fail(
                    QueryError(
                        type: "parse_exception",
                        reason: "suggester[phrase][collate] doesn't support field [\(key)]"),
                    at: .key("collate"))
            }
        }
        guard let source else {
            throw fail(
                QueryError(type: "parse_exception", reason: "collate query is missing"),
                at: .key("collate"))
        }
        return PhraseSuggest.Collate(
            source: source, params: value["params"]?.objectValue ?? [:],
            prunes: value["prune"]?.boolValue ?? false)
    }

    // MARK: Completions

    private mutating func completion(_ value: JSONValue) throws(QueryError) -> CompletionSuggest {
        var completion = CompletionSuggest()
        for (key, value) in value.objectValue ?? [:] {
            switch key {
            case "field": completion.field = try text(value, key)
            case "analyzer": completion.analyzer = try text(value, key)
            case "size": completion.size = try positive(value, key)
            case "shard_size": _ = try int(value, key)
            case "skip_duplicates": completion.skipsDuplicates = try bool(value, key)
            case "fuzzy":
                if let fuzzy = try fuzzy(value) { completion.match = .fuzzy(fuzzy) }
            case "regex":
                var regex = CompletionSuggest.Regex()
                if let flags = value["flags"]?.stringValue {
                    regex.flags = try .init(parsing: flags)
                }
                if let states = value["max_determinized_states"] {
                    regex.maxDeterminizedStates = try int(states, "max_determinized_states")
                }
                completion.match = .regex(regex)
            case "contexts":
                completion.contexts = []
                for (name, value) in value.objectValue ?? [:] {
                    var values: [CompletionSuggest.Context] = []
                    for element in value.arrayValue ?? [value] {
                        values.append(try context(element))
                    }
                    completion.contexts.append(
                        CompletionSuggest.NamedContexts(name: name, values: values))
                }
            default:
                throw fail(
                    QueryError(
                        type: "x_content_parse_exception",
                        reason: "[completion] unknown field [\(key)]"),
                    at: .key(key), atKey: true)
            }
        }
        try checkField(completion.field)
        return completion
    }

    private func fuzzy(_ value: JSONValue) throws(QueryError) -> CompletionSuggest.Fuzzy? {
        var fuzzy = CompletionSuggest.Fuzzy()
        guard let object = value.objectValue else { return try bool(value, "fuzzy") ? fuzzy : nil }
        for (key, value) in object {
            switch key {
            case "fuzziness":
                let name = try text(value, key)
                // AUTO is one edit here, whatever the length.
                fuzzy.edits = Int(name) ?? 1
                if !(0...2).contains(fuzzy.edits) {
                    throw fail(
                        .illegalArgument("fuzziness must be between 0 and 2"), at: .key(key))
                }
            case "transpositions": fuzzy.transpositions = try bool(value, key)
            case "min_length": fuzzy.minLength = try nonNegative(value, key, "fuzzyMinLength")
            case "prefix_length":
                fuzzy.prefixLength = try nonNegative(value, key, "fuzzyPrefixLength")
            case "unicode_aware": _ = try bool(value, key)
            case "max_determinized_states": _ = try int(value, key)
            default:
                throw fail(
                    QueryError(
                        type: "x_content_parse_exception",
                        reason: "[fuzzy] unknown field [\(key)]"), at: .key("fuzzy"))
            }
        }
        return fuzzy
    }

    /// A value, or an object around one.
    private func context(_ value: JSONValue) throws(QueryError) -> CompletionSuggest.Context {
        guard let object = value.objectValue, let inner = object["context"] else {
            return CompletionSuggest.Context(value: value)
        }
        var context = CompletionSuggest.Context(value: inner)
        context.boost =
            try object["boost"].map { value throws(QueryError) in
                try float(value, "boost")
            } ?? 1
        context.isPrefix = object["prefix"]?.boolValue ?? false
        context.precision = object["precision"]
        return context
    }
}
