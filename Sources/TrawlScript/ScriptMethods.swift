internal import Glibc
internal import TrawlJSON

/// What operators do. Whole numbers stay whole, as in Java; one with a fraction makes the result
/// a double; a text beside a plus makes a text.
enum ScriptMath {
    static func text(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .array(let list): "[" + list.map(text).joined(separator: ", ") + "]"
        case .object(let map):
            "{" + map.members.map { $0.key + "=" + text($0.value) }.joined(separator: ", ") + "}"
        default: value.description
        }
    }

    static func isType(_ value: JSONValue, _ type: String) -> Bool {
        switch value {
        case .null: false
        case .bool: type == "Boolean" || type == "boolean"
        case .number(let number):
            type == "Number"
                || (number.isInteger
                    ? ["Integer", "Long", "int", "long"]
                    : ["Double", "Float", "double", "float"]).contains(type)
        case .string: type == "String" || type == "CharSequence"
        case .array: type == "List" || type == "ArrayList" || type == "Collection"
        case .object: type == "Map" || type == "HashMap"
        }
    }

    static func apply(
        _ op: ScriptOperator, _ left: JSONValue, _ right: JSONValue
    ) throws(ScriptFailure) -> JSONValue {
        switch op {
        case .equal: return .bool(isEqual(left, right))
        case .unequal: return .bool(!isEqual(left, right))
        case .add where left.stringValue != nil || right.stringValue != nil:
            let sum = text(left) + text(right)
            guard sum.utf8.count <= ScriptInterpreter.maxTextByteCount else {
                throw ScriptFailure(
                    type: "circuit_breaking_exception", reason: "a text of the script is too long")
            }
            return .string(sum)
        default: break
        }
        guard let first = left.numberValue, let second = right.numberValue else {
            if left.isNull || right.isNull {
                throw ScriptFailure(
                    type: "null_pointer_exception",
                    reason: "cannot apply [\(op.rawValue)] to null")
            }
            throw ScriptFailure(
                type: "class_cast_exception",
                reason: "Cannot apply [\(op.rawValue)] operation to types "
                    + "[\(left.typeName)] and [\(right.typeName)].")
        }
        if let a = first.int64, let b = second.int64 { return try whole(op, a, b) }
        let (a, b) = (first.double, second.double)
        switch op {
        case .add: return JSONValue(a + b)
        case .subtract: return JSONValue(a - b)
        case .multiply: return JSONValue(a * b)
        case .divide: return JSONValue(a / b)
        case .remainder: return JSONValue(fmod(a, b))
        case .less: return .bool(a < b)
        case .lessOrEqual: return .bool(a <= b)
        case .greater: return .bool(a > b)
        case .greaterOrEqual: return .bool(a >= b)
        default: return .null
        }
    }

    private static func whole(
        _ op: ScriptOperator, _ a: Int64, _ b: Int64
    ) throws(ScriptFailure) -> JSONValue {
        switch op {
        case .add: return JSONValue(a &+ b)
        case .subtract: return JSONValue(a &- b)
        case .multiply: return JSONValue(a &* b)
        case .divide, .remainder:
            guard b != 0 else {
                throw ScriptFailure(type: "arithmetic_exception", reason: "/ by zero")
            }
            let (quotient, rest) =
                b == -1 ? (0 &- a, 0) : a.quotientAndRemainder(dividingBy: b)
            return JSONValue(op == .divide ? quotient : rest)
        case .less: return .bool(a < b)
        case .lessOrEqual: return .bool(a <= b)
        case .greater: return .bool(a > b)
        case .greaterOrEqual: return .bool(a >= b)
        default: return .null
        }
    }

    static func isEqual(_ left: JSONValue, _ right: JSONValue) -> Bool {
        if let a = left.numberValue, let b = right.numberValue {
            if let x = a.int64, let y = b.int64 { return x == y }
            return a.double == b.double
        }
        return left == right
    }
}

/// The methods of lists, maps, texts and numbers.
enum ScriptMethods {
    private static let changing: [String: Set<String>] = [
        "array": ["add", "remove", "clear", "addAll", "set", "sort"],
        "object": ["put", "remove", "clear", "putAll", "putIfAbsent"],
    ]

    static func changes(_ value: JSONValue, _ name: String) -> Bool {
        changing[value.typeName]?.contains(name) ?? false
    }

    private static func unknown(
        _ value: JSONValue, _ name: String, _ count: Int
    ) -> ScriptFailure {
        if value.isNull {
            return ScriptFailure(
                type: "null_pointer_exception",
                reason: "cannot access method/field [\(name)] from a null def reference")
        }
        return ScriptFailure(
            reason: "dynamic method [\(value.typeName), \(name)/\(count)] not found")
    }

    static func change(
        _ value: inout JSONValue, _ name: String, _ arguments: [JSONValue]
    ) throws(ScriptFailure) -> JSONValue {
        switch value {
        case .array(var list):
            value = .null
            defer { value = .array(list) }
            return try change(&list, name, arguments)
        case .object(var map):
            value = .null
            defer { value = .object(map) }
            return try change(&map, name, arguments)
        default: throw unknown(value, name, arguments.count)
        }
    }

    private static func change(
        _ list: inout [JSONValue], _ name: String, _ arguments: [JSONValue]
    ) throws(ScriptFailure) -> JSONValue {
        func index(_ limit: Int) throws(ScriptFailure) -> Int {
            guard let index = arguments[0].intValue, (0..<limit).contains(index) else {
                throw ScriptFailure(
                    type: "index_out_of_bounds_exception",
                    reason: "Index \(arguments[0]) out of bounds for length \(list.count)")
            }
            return index
        }
        switch (name, arguments.count) {
        case ("add", 1):
            list.append(arguments[0])
            return true
        case ("add", 2): list.insert(arguments[1], at: try index(list.count + 1))
        case ("addAll", 1): list += arguments[0].arrayValue ?? []
        case ("remove", 1): return list.remove(at: try index(list.count))
        case ("set", 2):
            let place = try index(list.count)
            defer { list[place] = arguments[1] }
            return list[place]
        case ("clear", 0): list = []
        case ("sort", _):
            if let texts = list.map(\.stringValue) as? [String] {
                list = texts.sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) }
                    .map(JSONValue.string)
            } else {
                list.sort { ($0.doubleValue ?? 0) < ($1.doubleValue ?? 0) }
            }
        default: throw unknown(.array(list), name, arguments.count)
        }
        return .null
    }

    private static func change(
        _ map: inout JSONObject, _ name: String, _ arguments: [JSONValue]
    ) throws(ScriptFailure) -> JSONValue {
        let key = arguments.first.map(ScriptMath.text) ?? ""
        let old = map[key] ?? .null
        switch (name, arguments.count) {
        case ("put", 2): map[key] = arguments[1]
        case ("putIfAbsent", 2): if old.isNull { map[key] = arguments[1] }
        case ("remove", 1): map[key] = nil
        case ("putAll", 1):
            for (key, value) in arguments[0].objectValue ?? [:] { map[key] = value }
            return .null
        case ("clear", 0):
            map = [:]
            return .null
        default: throw unknown(.object(map), name, arguments.count)
        }
        return old
    }

    static func call(
        _ value: JSONValue, _ name: String, _ arguments: [JSONValue]
    ) throws(ScriptFailure) -> JSONValue {
        switch (name, arguments.count) {
        case ("equals", 1): return .bool(ScriptMath.isEqual(value, arguments[0]))
        case ("toString", 0) where !value.isNull: return .string(ScriptMath.text(value))
        default: break
        }
        switch value {
        case .array(let list): return try call(list, name, arguments)
        case .object(let map): return try call(map, name, arguments)
        case .string(let text): return try call(text, name, arguments)
        case .number(let number):
            switch name {
            case "intValue", "longValue": return JSONValue(Int64(saturating: number.double))
            case "doubleValue", "floatValue": return JSONValue(number.double)
            default: throw unknown(value, name, arguments.count)
            }
        case .null, .bool: throw unknown(value, name, arguments.count)
        }
    }

    private static func call(
        _ list: [JSONValue], _ name: String, _ arguments: [JSONValue]
    ) throws(ScriptFailure) -> JSONValue {
        switch (name, arguments.count) {
        case ("size", 0), ("length", 0): return JSONValue(list.count)
        case ("isEmpty", 0): return .bool(list.isEmpty)
        case ("contains", 1):
            return .bool(list.contains { ScriptMath.isEqual($0, arguments[0]) })
        case ("indexOf", 1):
            return JSONValue(
                list.firstIndex { ScriptMath.isEqual($0, arguments[0]) } ?? -1)
        case ("get", 1): return try ScriptInterpreter.member(arguments[0], of: .array(list))
        case ("getValue", 0): return try ScriptInterpreter.member("value", of: .array(list))
        default: throw unknown(.array(list), name, arguments.count)
        }
    }

    private static func call(
        _ map: JSONObject, _ name: String, _ arguments: [JSONValue]
    ) throws(ScriptFailure) -> JSONValue {
        let key = arguments.first.map(ScriptMath.text) ?? ""
        switch (name, arguments.count) {
        case ("size", 0): return JSONValue(map.count)
        case ("isEmpty", 0): return .bool(map.isEmpty)
        case ("containsKey", 1): return .bool(map.contains(key))
        case ("containsValue", 1):
            return .bool(map.values.contains { ScriptMath.isEqual($0, arguments[0]) })
        case ("get", 1): return map[key] ?? .null
        case ("getOrDefault", 2): return map[key] ?? arguments[1]
        case ("keySet", 0): return .array(map.keys.map(JSONValue.string))
        case ("values", 0): return .array(map.values)
        default: throw unknown(.object(map), name, arguments.count)
        }
    }

    private static func call(
        _ text: String, _ name: String, _ arguments: [JSONValue]
    ) throws(ScriptFailure) -> JSONValue {
        let units = Array(text.utf16)
        let other = arguments.first.map(ScriptMath.text) ?? ""
        switch (name, arguments.count) {
        case ("length", 0): return JSONValue(units.count)
        case ("isEmpty", 0): return .bool(text.isEmpty)
        case ("contains", 1): return .bool(index(of: other, in: text) >= 0)
        case ("indexOf", 1): return JSONValue(index(of: other, in: text))
        case ("startsWith", 1): return .bool(text.utf8.starts(with: other.utf8))
        case ("endsWith", 1):
            return .bool(text.utf8.reversed().starts(with: other.utf8.reversed()))
        case ("toLowerCase", 0): return .string(text.lowercased())
        case ("toUpperCase", 0): return .string(text.uppercased())
        case ("trim", 0):
            let body = text.unicodeScalars.drop { $0.value <= 0x20 }
            let end = body.lastIndex { $0.value > 0x20 }
            return .string(end.map { String(body[...$0]) } ?? "")
        case ("equalsIgnoreCase", 1): return .bool(text.lowercased() == other.lowercased())
        case ("substring", 1), ("substring", 2):
            let start = arguments[0].intValue ?? -1
            let end = arguments.count == 2 ? arguments[1].intValue ?? -1 : units.count
            guard start >= 0, start <= end, end <= units.count else {
                throw ScriptFailure(
                    type: "string_index_out_of_bounds_exception",
                    reason: "begin \(start), end \(end), length \(units.count)")
            }
            return .string(String(decoding: units[start..<end], as: UTF16.self))
        case ("replace", 2): return .string(replace(other, ScriptMath.text(arguments[1]), text))
        case ("splitOnToken", 1):
            return .array(split(text, at: other).map(JSONValue.string))
        default:
            if arguments.isEmpty, let found = ScriptDates.property(name, of: text) { return found }
            throw unknown(.string(text), name, arguments.count)
        }
    }

    private static func index(of part: String, in text: String) -> Int {
        let (units, wanted) = (Array(text.utf16), Array(part.utf16))
        guard wanted.count <= units.count else { return -1 }
        for start in 0...units.count - wanted.count
        where units[start...].starts(with: wanted) { return start }
        return -1
    }

    private static func split(_ text: String, at token: String) -> [String] {
        let (units, wanted) = (Array(text.utf16), Array(token.utf16))
        guard !wanted.isEmpty else { return [text] }
        var parts: [String] = []
        var start = 0
        var i = 0
        while i + wanted.count <= units.count {
            if units[i...].starts(with: wanted) {
                parts.append(String(decoding: units[start..<i], as: UTF16.self))
                i += wanted.count
                start = i
            } else {
                i += 1
            }
        }
        return parts + [String(decoding: units[start...], as: UTF16.self)]
    }

    private static func replace(_ old: String, _ new: String, _ text: String) -> String {
        String(
            split(text, at: old).joined(separator: new).prefix(
                ScriptInterpreter.maxTextByteCount))
    }

    /// `Math.max(a, b)`, `Integer.parseInt(text)`.
    static func ofType(
        _ type: String, _ name: String, _ arguments: [JSONValue]
    ) throws(ScriptFailure) -> JSONValue {
        let numbers = arguments.compactMap(\.numberValue)
        switch (type, name, arguments.count) {
        case ("Math", "max", 2) where numbers.count == 2:
            return try ScriptMath.apply(.less, arguments[0], arguments[1]) == true
                ? arguments[1] : arguments[0]
        case ("Math", "min", 2) where numbers.count == 2:
            return try ScriptMath.apply(.less, arguments[1], arguments[0]) == true
                ? arguments[1] : arguments[0]
        case ("Math", "abs", 1) where numbers.count == 1:
            return try ScriptMath.apply(.less, arguments[0], 0) == true
                ? try ScriptMath.apply(.subtract, 0, arguments[0]) : arguments[0]
        case ("Math", "floor", 1) where numbers.count == 1:
            return JSONValue(numbers[0].double.rounded(.down))
        case ("Math", "ceil", 1) where numbers.count == 1:
            return JSONValue(numbers[0].double.rounded(.up))
        case ("Math", "round", 1) where numbers.count == 1:
            return JSONValue(Int64(saturating: (numbers[0].double + 0.5).rounded(.down)))
        case ("Math", "log", 1) where numbers.count == 1: return JSONValue(log(numbers[0].double))
        case ("Math", "log10", 1) where numbers.count == 1:
            return JSONValue(log10(numbers[0].double))
        case ("Math", "exp", 1) where numbers.count == 1: return JSONValue(exp(numbers[0].double))
        case ("Math", "sqrt", 1) where numbers.count == 1:
            return JSONValue(numbers[0].double.squareRoot())
        case ("Math", "pow", 2) where numbers.count == 2:
            return JSONValue(pow(numbers[0].double, numbers[1].double))
        case ("Integer", "parseInt", 1), ("Long", "parseLong", 1):
            guard let number = Int64(ScriptMath.text(arguments[0])) else {
                throw ScriptFailure(
                    type: "number_format_exception",
                    reason: "For input string: \"\(ScriptMath.text(arguments[0]))\"")
            }
            return JSONValue(number)
        case ("Double", "parseDouble", 1), ("Float", "parseFloat", 1):
            guard let number = Double(ScriptMath.text(arguments[0])) else {
                throw ScriptFailure(
                    type: "number_format_exception",
                    reason: "For input string: \"\(ScriptMath.text(arguments[0]))\"")
            }
            return JSONValue(number)
        case ("String", "valueOf", 1): return .string(ScriptMath.text(arguments[0]))
        default: throw ScriptFailure(reason: "cannot resolve symbol [\(type).\(name)]")
        }
    }
}

extension Int64 {
    /// The nearest whole number, as Java's casts have it.
    fileprivate init(saturating value: Double) {
        self = value.isNaN ? 0 : value >= 0x1p63 ? .max : value <= -0x1p63 ? .min : Int64(value)
    }
}
