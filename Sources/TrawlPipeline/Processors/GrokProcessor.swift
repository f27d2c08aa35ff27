internal import TrawlAnalysis
internal import TrawlJSON

/// `grok`: named regular expressions take a text apart, `%{IP:client} %{WORD:method}`.
struct GrokProcessor: Processor {
    private let field: String
    private let ignoresMissing: Bool
    private let tracesMatch: Bool
    private let expressions: [GrokExpression]

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        field = try settings.text("field")
        let patterns = try settings.texts("patterns")
        let own = try settings.optionalObject("pattern_definitions") ?? [:]
        ignoresMissing = try settings.bool("ignore_missing", default: false)
        tracesMatch = try settings.bool("trace_match", default: false)
        _ = try settings.optionalText("ecs_compatibility")
        _ = try settings.bool("capture_all_matches", default: false)
        if patterns.isEmpty {
            throw settings.wrong("patterns", "[patterns] List of patterns must not be empty")
        }
        var bank = GrokPatterns.all
        for (name, value) in own { bank[name] = value.stringValue }
        var expressions: [GrokExpression] = []
        for pattern in patterns {
            do throws(GrokExpression.Failure) {
                expressions.append(try GrokExpression(pattern, bank))
            } catch {
                throw settings.wrong(
                    "patterns",
                    "[patterns] Invalid regex pattern found in: "
                        + "[\(patterns.joined(separator: ", "))]. \(error.reason)")
            }
        }
        self.expressions = expressions
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        let path = try FieldPath(field)
        if ignoresMissing {
            guard let value = try? path.value(in: document), !value.isNull else { return true }
        }
        if try path.value(in: document).isNull {
            throw .illegalArgument("field [\(field)] is null, cannot process it.")
        }
        let text = try path.text(in: document)
        for (place, expression) in expressions.enumerated() {
            guard let found = expression.match(text) else { continue }
            for (name, value) in found { try FieldPath(name).set(value, in: &document) }
            if tracesMatch {
                document.ingest["_grok_match_index"] = .string(String(place))
            }
            return true
        }
        throw .illegalArgument(
            "Provided Grok expressions do not match field value: [\(text)]")
    }
}

/// One expression with its named parts written out.
struct GrokExpression: Sendable {
    struct Failure: Error { var reason: String }

    private enum Kind: Sendable { case text, int, long, float, double, boolean }

    private struct Capture: Sendable {
        var group: Int
        var field: String
        var kind: Kind
    }

    private let regex: LinearRegex
    private let captures: [Capture]

    private static let kinds: [String: Kind] = [
        "int": .int, "integer": .int, "long": .long, "float": .float, "double": .double,
        "boolean": .boolean, "string": .text,
    ]
    private static let maxByteCount = 100_000

    init(_ pattern: String, _ bank: [String: String]) throws(Failure) {
        var fields: [(name: String, field: String, kind: Kind)] = []
        let text = try Self.expand(pattern, bank, [], &fields)
        do throws(RegexError) {
            regex = try LinearRegex(text)
        } catch {
            throw Failure(reason: error.description)
        }
        var captures: [Capture] = []
        for entry in fields {
            if let group = regex.groupNames[entry.name] {
                captures.append(Capture(group: group, field: entry.field, kind: entry.kind))
            }
        }
        // Groups that the expression names by itself.
        let known = Set(fields.map(\.name))
        for (name, group) in regex.groupNames.sorted(by: { $0.value < $1.value })
        where !known.contains(name) {
            captures.append(Capture(group: group, field: name, kind: .text))
        }
        self.captures = captures
    }

    private static func expand(
        _ pattern: String, _ bank: [String: String], _ within: [String],
        _ fields: inout [(name: String, field: String, kind: Kind)]
    ) throws(Failure) -> String {
        var result = ""
        var rest = pattern[...]
        while let open = rest.firstRange(of: "%{") {
            result += rest[..<open.lowerBound]
            rest = rest[open.upperBound...]
            guard let end = rest.firstIndex(of: "}") else {
                throw Failure(reason: "a %{ is never closed")
            }
            let parts = rest[..<end].split(separator: ":", omittingEmptySubsequences: false)
                .map(String.init)
            rest = rest[rest.index(after: end)...]
            guard let definition = bank[parts[0]] else {
                throw Failure(
                    reason: "Unable to find pattern [\(parts[0])] in Grok's pattern dictionary")
            }
            if within.contains(parts[0]) {
                throw Failure(
                    reason: "circular reference in pattern [\(parts[0])][\(definition)]")
            }
            let inner = try expand(definition, bank, within + [parts[0]], &fields)
            guard result.utf8.count + inner.utf8.count <= maxByteCount else {
                throw Failure(reason: "the expression is too long")
            }
            if parts.count > 1, !parts[1].isEmpty {
                let name = "grok\(fields.count)"
                let kind = parts.count > 2 ? kinds[parts[2]] : .text
                guard let kind else { throw Failure(reason: "unknown type [\(parts[2])]") }
                fields.append((name, parts[1], kind))
                result += "(?<\(name)>\(inner))"
            } else {
                result += "(?:\(inner))"
            }
        }
        return result + rest
    }

    /// The values of the fields that took part; nil when the text does not match.
    func match(_ text: String) -> [(String, JSONValue)]? {
        let bytes = Array(text.utf8)
        guard let match = regex.firstMatch(in: bytes.span) else { return nil }
        var found: [(String, JSONValue)] = []
        for capture in captures {
            guard let range = match.groups[capture.group],
                !found.contains(where: { $0.0 == capture.field })
            else { continue }
            let text = String(decoding: bytes[range], as: UTF8.self)
            found.append((capture.field, Self.value(text, capture.kind)))
        }
        return found
    }

    private static func value(_ text: String, _ kind: Kind) -> JSONValue {
        switch kind {
        case .text: .string(text)
        case .int, .long: Int64(text).map { JSONValue($0) } ?? .string(text)
        case .float: Float(text).map { JSONValue($0) } ?? .string(text)
        case .double: Double(text).map { JSONValue($0) } ?? .string(text)
        case .boolean: .bool(text.lowercased() == "true")
        }
    }
}

/// The names that expressions may use, as Logstash made them known, written for an engine that
/// takes time linear in the text.
package enum GrokPatterns {
    package static let all: [String: String] = [
        "USERNAME": "[a-zA-Z0-9._-]+", "USER": "%{USERNAME}",
        "EMAILLOCALPART": "[a-zA-Z][a-zA-Z0-9_.+=:-]*",
        "EMAILADDRESS": "%{EMAILLOCALPART}@%{HOSTNAME}",
        "INT": "[+-]?[0-9]+", "BASE10NUM": #"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"#,
        "NUMBER": "%{BASE10NUM}", "BASE16NUM": "[+-]?(?:0x)?[0-9A-Fa-f]+",
        "BASE16FLOAT": #"[+-]?(?:0x)?(?:[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]*)?|\.[0-9A-Fa-f]+)"#,
        "POSINT": "[1-9][0-9]*", "NONNEGINT": "[0-9]+", "WORD": #"\b\w+\b"#, "NOTSPACE": #"\S+"#,
        "SPACE": #"\s*"#, "DATA": ".*?", "GREEDYDATA": ".*",
        "QUOTEDSTRING": #"(?:"(?:\\.|[^\\"]+)*"|'(?:\\.|[^\\']+)*'|`(?:\\.|[^\\`]+)*`)"#,
        "QS": "%{QUOTEDSTRING}",
        "UUID": "[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}",
        "MAC": "(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})",
        "CISCOMAC": #"(?:[A-Fa-f0-9]{4}\.){2}[A-Fa-f0-9]{4}"#,
        "WINDOWSMAC": "(?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2}",
        "COMMONMAC": "(?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2}",
        "IPV4":
            #"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2})(?:\.(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2})){3}"#,
        "IPV6": "(?:[0-9A-Fa-f]{0,4}:){2,7}(?:%{IPV4}|[0-9A-Fa-f]{0,4})(?:%[0-9A-Za-z]+)?",
        "IP": "(?:%{IPV6}|%{IPV4})",
        "HOSTNAME": #"\b[0-9A-Za-z][0-9A-Za-z-]{0,62}(?:\.[0-9A-Za-z][0-9A-Za-z-]{0,62})*\.?"#,
        "HOST": "%{HOSTNAME}", "IPORHOST": "(?:%{IP}|%{HOSTNAME})",
        "HOSTPORT": "%{IPORHOST}:%{POSINT}",
        "PATH": "(?:%{UNIXPATH}|%{WINPATH})", "UNIXPATH": #"(?:/[\w_%!$@:.,+~-]*)+"#,
        "TTY": "/dev/(?:pts|tty(?:[pq])?)(?:\\w+)?/?(?:[0-9]+)",
        "WINPATH": #"(?:[A-Za-z]+:|\\)(?:\\[^\\?*]*)+"#,
        "URIPROTO": #"[A-Za-z][A-Za-z0-9+.-]*"#, "URIHOST": "%{IPORHOST}(?::%{POSINT})?",
        "URIPATH": #"(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_\-]*)+"#,
        "URIPARAM": #"\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\-\[\]<>]*"#,
        "URIPATHPARAM": "%{URIPATH}(?:%{URIPARAM})?",
        "URI": "%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?",
        "MONTH":
            #"\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b"#,
        "MONTHNUM": "(?:0?[1-9]|1[0-2])", "MONTHNUM2": "(?:0[1-9]|1[0-2])",
        "MONTHDAY": "(?:0[1-9]|[12][0-9]|3[01]|[1-9])",
        "DAY":
            "(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)",
        "YEAR": "(?:[0-9]{2}){1,2}", "HOUR": "(?:2[0123]|[01]?[0-9])", "MINUTE": "[0-5][0-9]",
        "SECOND": "(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?",
        "TIME": "%{HOUR}:%{MINUTE}(?::%{SECOND})?",
        "DATE_US": "%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}",
        "DATE_EU": "%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}", "DATE": "(?:%{DATE_US}|%{DATE_EU})",
        "DATESTAMP": "%{DATE}[- ]%{TIME}", "TZ": "(?:[APMCE][SD]T|UTC)",
        "ISO8601_TIMEZONE": "(?:Z|[+-]%{HOUR}(?::?%{MINUTE}))", "ISO8601_SECOND": "%{SECOND}",
        "TIMESTAMP_ISO8601":
            "%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?",
        "DATESTAMP_RFC822": "%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}",
        "DATESTAMP_RFC2822":
            "%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}",
        "DATESTAMP_OTHER": "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}",
        "DATESTAMP_EVENTLOG": "%{YEAR}%{MONTHNUM2}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}",
        "SYSLOGTIMESTAMP": "%{MONTH} +%{MONTHDAY} %{TIME}", "PROG": #"[\x21-\x5a\x5c\x5e-\x7e]+"#,
        "SYSLOGPROG": #"%{PROG:process.name}(?:\[%{POSINT:process.pid:int}\])?"#,
        "SYSLOGHOST": "%{IPORHOST}",
        "SYSLOGFACILITY": "<%{NONNEGINT:facility}.%{NONNEGINT:priority}>",
        "SYSLOGBASE":
            "%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource} %{SYSLOGPROG}:",
        "HTTPDATE": "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}",
        "LOGLEVEL":
            "(?:[Aa]lert|ALERT|[Tt]race|TRACE|[Dd]ebug|DEBUG|[Nn]otice|NOTICE|[Ii]nfo|INFO|[Ww]arn(?:ing)?|WARN(?:ING)?|[Ee]rr(?:or)?|ERR(?:OR)?|[Cc]rit(?:ical)?|CRIT(?:ICAL)?|[Ff]atal|FATAL|[Ss]evere|SEVERE|EMERG(?:ENCY)?|[Ee]merg(?:ency)?)",
        "HTTPDUSER": "(?:%{EMAILADDRESS}|%{USER})",
        "COMMONAPACHELOG":
            #"%{IPORHOST:clientip} %{HTTPDUSER:ident} %{HTTPDUSER:auth} \[%{HTTPDATE:timestamp}\] "(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" %{NUMBER:response} (?:%{NUMBER:bytes}|-)"#,
        "COMBINEDAPACHELOG": "%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent}",
    ]
}
