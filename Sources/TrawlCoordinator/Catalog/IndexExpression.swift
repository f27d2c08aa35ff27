internal import TrawlErrors
package import TrawlJSON

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
        var math = body[...]
        var format = "uuuu.MM.dd"
        var zone: Int64 = 0
        if let brace = body.firstIndex(of: "{") {
            math = body[..<brace]
            var inner = body[body.index(after: brace)...]
            if inner.hasSuffix("}") { inner = inner.dropLast() }
            if let bar = inner.firstIndex(of: "|") {
                zone = offset(inner[inner.index(after: bar)...])
                inner = inner[..<bar]
            }
            format = String(inner)
        }
        guard math.hasPrefix("now") else {
            throw CoordinatorError(
                .invalidRequest, "parse_exception",
                "invalid dynamic name expression [\(body)]. missing `now`")
        }
        var civil = CalendarTime(milliseconds: now + zone)
        var rest = math.dropFirst(3)
        while let sign = rest.popFirst() {
            let digits = rest.prefix { $0.isNumber }
            rest = rest.dropFirst(digits.count)
            guard let unit = rest.popFirst() else { break }
            if sign == "/" {
                civil.roundDown(unit)
            } else {
                civil.add((sign == "-" ? -1 : 1) * (Int64(digits) ?? 1), unit)
            }
        }
        return civil.text(format)
    }

    private static func offset(_ text: Substring) -> Int64 {
        let parts = text.drop { $0 == "+" || $0 == "-" }.split(separator: ":")
        let minutes =
            (parts.first.flatMap { Int64($0) } ?? 0) * 60
            + (parts.count > 1 ? Int64(parts[1]) ?? 0 : 0)
        return (text.hasPrefix("-") ? -1 : 1) * minutes * 60_000
    }
}

/// A moment as year, month, day and time of day, in the proleptic Gregorian calendar.
package struct CalendarTime {
    package var year: Int64
    package var month: Int64
    package var day: Int64
    package var millisecondOfDay: Int64

    /// Days to civil by Howard Hinnant's algorithm, "chrono-Compatible Low-Level Date Algorithms".
    package init(milliseconds: Int64) {
        let days = Self.floor(milliseconds, 86_400_000)
        millisecondOfDay = milliseconds - days * 86_400_000
        let z = days + 719_468
        let era = Self.floor(z, 146_097)
        let doe = z - era * 146_097
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100)
        let mp = (5 * doy + 2) / 153
        day = doy - (153 * mp + 2) / 5 + 1
        month = mp < 10 ? mp + 3 : mp - 9
        year = yoe + era * 400 + (month <= 2 ? 1 : 0)
    }

    package var milliseconds: Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = Self.floor(y, 400)
        let yoe = y - era * 400
        let doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy
        return (era * 146_097 + doe - 719_468) * 86_400_000 + millisecondOfDay
    }

    private static func floor(_ a: Int64, _ b: Int64) -> Int64 { a >= 0 ? a / b : (a - b + 1) / b }

    mutating func add(_ count: Int64, _ unit: Character) {
        switch unit {
        case "y", "M":
            let months = year * 12 + month - 1 + count * (unit == "y" ? 12 : 1)
            year = Self.floor(months, 12)
            month = months - year * 12 + 1
            let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
            let length: Int64 =
                month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
            day = min(day, length)
        default:
            let scale: Int64 =
                switch unit {
                case "w": 604_800_000
                case "d": 86_400_000
                case "h", "H": 3_600_000
                case "m": 60_000
                default: 1000
                }
            self = CalendarTime(milliseconds: milliseconds + count * scale)
        }
    }

    mutating func roundDown(_ unit: Character) {
        switch unit {
        case "y":
            month = 1
            day = 1
            millisecondOfDay = 0
        case "M":
            day = 1
            millisecondOfDay = 0
        case "w":
            // 1970-01-01 was a Thursday; weeks begin on Monday.
            let days = Self.floor(milliseconds, 86_400_000)
            let weekday = (days + 3) - Self.floor(days + 3, 7) * 7
            self = CalendarTime(milliseconds: (days - weekday) * 86_400_000)
        case "d": millisecondOfDay = 0
        case "h", "H": millisecondOfDay -= millisecondOfDay % 3_600_000
        case "m": millisecondOfDay -= millisecondOfDay % 60_000
        default: millisecondOfDay -= millisecondOfDay % 1000
        }
    }

    /// Letters `u y M d H m s S`; everything else stands as it is.
    package func text(_ format: String) -> String {
        var result = ""
        var rest = format[...]
        while let letter = rest.first {
            let run = rest.prefix { $0 == letter }
            rest = rest.dropFirst(run.count)
            let value: Int64? =
                switch letter {
                case "u", "y", "Y": run.count == 2 ? year % 100 : year
                case "M": month
                case "d": day
                case "H": millisecondOfDay / 3_600_000
                case "m": millisecondOfDay / 60_000 % 60
                case "s": millisecondOfDay / 1000 % 60
                case "S": millisecondOfDay % 1000
                default: nil
                }
            guard let value else {
                result += letter == "'" ? "" : String(run)
                continue
            }
            let digits = String(value)
            result += String(repeating: "0", count: max(0, run.count - digits.count)) + digits
        }
        return result
    }

    package static func iso(_ milliseconds: Int64) -> String {
        CalendarTime(milliseconds: milliseconds).text("uuuu-MM-dd'T'HH:mm:ss.SSS") + "Z"
    }
}
