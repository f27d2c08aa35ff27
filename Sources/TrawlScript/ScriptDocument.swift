package import TrawlJSON
package import TrawlSchema

/// The document that a script of a search looks at: the columns of its fields as `doc['name']`,
/// its score as `_score`, and its source as `params._source`.
package protocol ScriptDocument {
    /// The values of a field, ascending; refuses a field that the mapping has not.
    func values(of field: String) throws(SchemaError) -> [JSONValue]
    func hasField(_ name: String) -> Bool
    var score: Double { get }
    /// What a script over the values of an aggregation is asked about: `_value`.
    var value: JSONValue? { get }
    func source() throws(SchemaError) -> JSONObject
}

extension Script {
    /// What a program comes to that is asked for a value of a document.
    package func value(of document: any ScriptDocument) throws(SchemaError) -> JSONValue {
        do throws(ScriptFailure) {
            var interpreter = ScriptInterpreter(document: document, params: params)
            return try interpreter.value(of: program)
        } catch {
            throw SchemaError(
                type: "script_exception", reason: "runtime error",
                causes: [.init(type: error.type, reason: error.reason)])
        }
    }

    /// A script of a search: what cannot be read is refused as such.
    package static func ofSearch(_ json: JSONValue) throws(SchemaError) -> Script {
        do { return try Script(json) } catch {
            guard let inner = error.causes.first, inner.type == "script_exception" else {
                throw error
            }
            throw SchemaError(
                type: inner.type, reason: inner.reason, causes: Array(error.causes.dropFirst()))
        }
    }
}

/// `doc['name']` and what hangs on it.
enum ScriptDocValues {
    static let noValue = ScriptFailure(
        type: "illegal_state_exception",
        reason: "A document doesn't have a value for a field! Use doc[<field>].size()==0 to check "
            + "if a document is missing a field!")

    /// A property of the values of a field; nil for what is none.
    static func member(_ name: String, of values: [JSONValue]) throws(ScriptFailure) -> JSONValue? {
        switch name {
        case "value":
            guard let first = values.first else { throw noValue }
            return first
        case "values": return .array(values)
        case "empty": return .bool(values.isEmpty)
        case "lat", "lon", "lats", "lons":
            if name.hasSuffix("s") {
                return .array(values.map { $0[String(name.dropLast())] ?? .null })
            }
            guard let first = values.first else { throw noValue }
            return first[name] ?? .null
        default: return nil
        }
    }

    static func values(
        of field: String, in document: any ScriptDocument
    ) throws(ScriptFailure) -> JSONValue {
        do { return .array(try document.values(of: field)) } catch {
            throw ScriptFailure(type: error.type, reason: error.reason)
        }
    }
}

/// A date in a script is its text; this is what Java's dates say of themselves.
enum ScriptDates {
    static func property(_ name: String, of text: String) -> JSONValue? {
        guard text.utf8.count >= 10, let instant = DateFormat.default.instant(text) else {
            return nil
        }
        var name = name
        if name.hasPrefix("get"), let first = name.dropFirst(3).first {
            name = first.lowercased() + name.dropFirst(4)
        }
        let seconds = Int(instant.seconds)
        let second = (seconds % 86_400 + 86_400) % 86_400
        let days = (seconds - second) / 86_400
        let date = CivilTime.date(days: days)
        switch name {
        case "millis", "toEpochMilli": return instant.epochMillis.map { JSONValue($0) }
        case "toInstant", "toLocalDateTime": return .string(text)
        case "toEpochSecond", "epochSecond": return JSONValue(instant.seconds)
        case "year": return JSONValue(date.year)
        case "monthValue", "monthOfYear": return JSONValue(date.month)
        case "dayOfMonth": return JSONValue(date.day)
        case "hour", "hourOfDay": return JSONValue(second / 3600)
        case "minute", "minuteOfHour": return JSONValue(second / 60 % 60)
        case "second", "secondOfMinute": return JSONValue(second % 60)
        case "dayOfWeek": return JSONValue(CivilTime.weekday(days: days))
        default: return nil
        }
    }
}
