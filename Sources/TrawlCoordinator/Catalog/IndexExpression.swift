internal import TrawlErrors
package import TrawlJSON
internal import TrawlSchema

/// How forgiving a look-up of names is.
package struct IndexOptions: Sendable, Equatable {
    /// Names that do not exist, or are closed, are passed over.
    package var ignoreUnavailable = false
    /// A pattern may match nothing.
    package var allowNoIndices = true
    package var expandsOpen = true
    package var expandsClosed = false
    package var expandsHidden = false
    /// A closed index that is named is an error.
    package var forbidsClosed = true
    package var allowsAliases = true

    package init() {}

    /// Searches and counts.
    package static let search = IndexOptions()

    /// Looking at metadata: closed indices count too.
    package static var metadata: IndexOptions {
        var options = IndexOptions()
        options.expandsClosed = true
        options.forbidsClosed = false
        return options
    }

    package static var deletion: IndexOptions {
        var options = IndexOptions.metadata
        options.allowsAliases = false
        return options
    }
}

extension CatalogSnapshot {
    /// An index that an expression names, and the aliases by which alone it was reached.
    package struct Target: Sendable {
        package var index: IndexMetadata
        /// Empty when the index was named by itself: then no filter of an alias applies.
        package var aliases: [String]

        package init(index: IndexMetadata, aliases: [String]) {
            self.index = index
            self.aliases = aliases
        }

        /// The aliases' filters, to be joined by OR; nil when one of them has none.
        package var filters: [JSONValue]? {
            if aliases.isEmpty { return nil }
            let filters = aliases.map { index.aliases[$0]?.filter }
            return filters.contains { $0 == nil } ? nil : filters.map { $0! }
        }

        /// Routing values that all the aliases give for searches; nil when one gives none.
        package var searchRouting: Set<String>? {
            if aliases.isEmpty { return nil }
            var values: Set<String> = []
            for alias in aliases {
                guard let routing = index.aliases[alias]?.searchRouting else { return nil }
                for value in routing.split(separator: ",") { values.insert(String(value)) }
            }
            return values
        }
    }

    /// Resolves a list of names, patterns, exclusions, aliases and date math to indices, in the
    /// order of their names where a pattern gave them, in the order written otherwise.
    package func resolve(
        _ expression: String?, _ options: IndexOptions = .search, now: Int64
    ) throws(CoordinatorError) -> [Target] {
        let parts = Self.split(expression)
        if parts.isEmpty || parts == ["_all"] || parts == ["*"] {
            let found = expand("*", options)
            if found.isEmpty, !options.allowNoIndices {
                throw .indexNotFound(expression.map { $0.isEmpty ? "_all" : $0 } ?? "_all")
            }
            return found.map { Target(index: indices[$0]!, aliases: []) }
        }
        var order: [String] = []
        var reached: [String: Set<String>] = [:]
        var direct: Set<String> = []
        var sawPattern = false
        for part in parts {
            if part.hasPrefix("-"), sawPattern {
                let name = try DateMathName.resolve(String(part.dropFirst()), now: now)
                let gone =
                    Wildcard.isPattern(name)
                    ? Set(matching(name)) : Set([name] + (aliases[name] ?? []))
                order.removeAll { gone.contains($0) }
                for name in gone {
                    reached[name] = nil
                    direct.remove(name)
                }
                continue
            }
            let name = try DateMathName.resolve(part, now: now)
            if Wildcard.isPattern(name) || name == "_all" {
                sawPattern = true
                let pattern = name == "_all" ? "*" : name
                let found = expand(pattern, options)
                if found.isEmpty, !options.allowNoIndices { throw .indexNotFound(part) }
                for index in found {
                    if !order.contains(index) { order.append(index) }
                    if Wildcard.matches(pattern, index) {
                        direct.insert(index)
                    } else {
                        for alias in indices[index]!.aliases.keys
                        where Wildcard.matches(pattern, alias) {
                            reached[index, default: []].insert(alias)
                        }
                    }
                }
                continue
            }
            if name.hasPrefix("_") { throw .invalidName(name, "must not start with '_'.") }
            if indices[name] != nil {
                if try !admits(name, options) { continue }
                if !order.contains(name) { order.append(name) }
                direct.insert(name)
            } else if let named = aliases[name] {
                if !options.allowsAliases {
                    if options.ignoreUnavailable { continue }
                    throw .illegalArgument(
                        "The provided expression [\(name)] matches an alias, specify the "
                            + "corresponding concrete indices instead.")
                }
                for index in named {
                    if try !admits(index, options) { continue }
                    if !order.contains(index) { order.append(index) }
                    reached[index, default: []].insert(name)
                }
            } else if !options.ignoreUnavailable {
                throw .indexNotFound(name)
            }
        }
        if order.isEmpty, !options.allowNoIndices {
            throw .indexNotFound(expression ?? "_all")
        }
        return order.map { name in
            Target(
                index: indices[name]!,
                aliases: direct.contains(name) ? [] : (reached[name] ?? []).sorted())
        }
    }

    /// The one index that a document is written to.
    ///
    /// - Returns: The index, and the alias by which it was named.
    package func writeTarget(
        _ name: String, now: Int64
    ) throws(CoordinatorError) -> (index: IndexMetadata, alias: AliasMetadata?)? {
        let name = try DateMathName.resolve(name, now: now)
        if let index = indices[name] { return (index, nil) }
        guard let named = aliases[name] else { return nil }
        let writers = named.filter { indices[$0]!.aliases[name]!.isWriteIndex == true }
        if let writer = writers.first {
            return (indices[writer]!, indices[writer]!.aliases[name])
        }
        guard named.count == 1, indices[named[0]]!.aliases[name]!.isWriteIndex != false else {
            throw .illegalArgument(
                "no write index is defined for alias [\(name)]. The write index may be "
                    + "explicitly disabled using is_write_index=false or the alias points to "
                    + "multiple indices without one being designated as a write index")
        }
        return (indices[named[0]]!, indices[named[0]]!.aliases[name])
    }

    /// The one index that a document is read from.
    package func readTarget(
        _ name: String, now: Int64
    ) throws(CoordinatorError) -> (index: IndexMetadata, alias: AliasMetadata?) {
        let name = try DateMathName.resolve(name, now: now)
        if let index = indices[name] {
            if !index.isOpen { throw .closed(index) }
            return (index, nil)
        }
        guard let named = aliases[name] else {
            if name.hasPrefix("_") { throw .invalidName(name, "must not start with '_'.") }
            throw .indexNotFound(name, resourceType: "index_expression")
        }
        if named.count > 1 {
            throw .illegalArgument(
                "alias [\(name)] has more than one index associated with it "
                    + "[\(named.joined(separator: ", "))], can't execute a single index op")
        }
        let index = indices[named[0]]!
        if !index.isOpen { throw .closed(index) }
        return (index, index.aliases[name])
    }

    package static func split(_ expression: String?) -> [String] {
        var parts: [String] = []
        var part = ""
        var isDateMath = false
        for character in expression ?? "" {
            if character == "<" { isDateMath = true }
            if character == ">" { isDateMath = false }
            if character == ",", !isDateMath {
                parts.append(part)
                part = ""
            } else {
                part.append(character)
            }
        }
        parts.append(part)
        return parts.filter { !$0.isEmpty }
    }

    private func matching(_ pattern: String) -> [String] {
        names.filter { name in
            Wildcard.matches(pattern, name)
                || indices[name]!.aliases.keys.contains { Wildcard.matches(pattern, $0) }
        }
    }

    private func expand(_ pattern: String, _ options: IndexOptions) -> [String] {
        names.filter { name in
            let index = indices[name]!
            if !(index.isOpen ? options.expandsOpen : options.expandsClosed) { return false }
            if Wildcard.matches(pattern, name) {
                // A pattern that begins with a dot means to see what is hidden behind one.
                return !index.isHidden || options.expandsHidden
                    || (pattern.hasPrefix(".") && name.hasPrefix("."))
            }
            guard options.allowsAliases else { return false }
            return index.aliases.contains { alias, metadata in
                Wildcard.matches(pattern, alias)
                    && (metadata.isHidden != true || options.expandsHidden)
            }
        }
    }

    private func admits(_ name: String, _ options: IndexOptions) throws(CoordinatorError) -> Bool {
        let index = indices[name]!
        if index.isOpen || !options.forbidsClosed { return true }
        if options.ignoreUnavailable { return false }
        throw .closed(index)
    }
}

/// `<name-{now/d{yyyy.MM.dd|+09:00}}>`: names with a date in them.
package enum DateMathName {
    package static func resolve(_ name: String, now: Int64) throws(CoordinatorError) -> String {
        guard name.hasPrefix("<"), name.hasSuffix(">") else { return name }
        var result = ""
        var rest = name.dropFirst().dropLast()[...]
        while let character = rest.popFirst() {
            if character == "\\", let next = rest.popFirst() {
                result.append(next)
            } else if character == "{" {
                var depth = 1
                var body = ""
                while depth > 0, let inner = rest.popFirst() {
                    if inner == "{" { depth += 1 }
                    if inner == "}" { depth -= 1 }
                    if depth > 0 { body.append(inner) }
                }
                guard depth == 0 else {
                    throw CoordinatorError(
                        .invalidRequest, "parse_exception",
                        "invalid dynamic name expression [\(body)]. date math placeholder is "
                            + "open ended")
                }
                result += try date(body, now: now)
            } else {
                result.append(character)
            }
        }
        return result
    }

    private static func date(_ body: String, now: Int64) throws(CoordinatorError) -> String {
        var math = body
        var format = "uuuu.MM.dd"
        var zone = Zone.utc
        if let brace = body.firstIndex(of: "{") {
            math = String(body[..<brace])
            var inner = body[body.index(after: brace)...]
            if inner.hasSuffix("}") { inner = inner.dropLast() }
            if let bar = inner.firstIndex(of: "|") {
                let name = String(inner[inner.index(after: bar)...])
                guard let found = Zone(id: name) else {
                    throw .illegalArgument("unknown time zone [\(name)] in [\(body)]")
                }
                zone = found
                inner = inner[..<bar]
            }
            format = String(inner)
        }
        guard math.hasPrefix("now") else {
            throw CoordinatorError(
                .invalidRequest, "parse_exception",
                "invalid dynamic name expression [\(body)]. missing `now`")
        }
        do throws(SchemaError) {
            let instant = try DateMath(
                format: .default, zone: zone, now: Instant(epochMillis: now)
            ).instant(math, roundUp: false)
            return try DateFormat(format).string(instant, zone: zone)
        } catch {
            throw CoordinatorError(.invalidRequest, error.type, error.reason)
        }
    }
}

/// Moments as the API writes them.
package enum TimeText {
    private static let clockFormat = try! DateFormat("HH:mm:ss")
    private static let dateFormat = try! DateFormat("strict_date_time")

    /// `2026-01-31T12:34:56.789Z`.
    package static func iso(_ milliseconds: Int64) -> String {
        dateFormat.string(Instant(epochMillis: milliseconds))
    }

    /// `12:34:56`.
    package static func clock(_ milliseconds: Int64) -> String {
        clockFormat.string(Instant(epochMillis: milliseconds))
    }
}
