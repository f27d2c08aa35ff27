internal import TrawlJSON
internal import TrawlSchema

/// Runs a script, step by step, until it ends or has used up its steps.
struct ScriptInterpreter {
    /// A place in the document, the parameters, or a local variable.
    struct Place {
        var root: String
        var keys: [JSONValue] = []
    }

    enum Local {
        case value(JSONValue)
        /// A list or a map that has another place: changing the one changes the other.
        case alias(Place)
    }

    private enum Exit { case none, stop, proceed, leave }

    static let maxSteps = 100_000
    static let maxTextByteCount = 1 << 20

    private var roots: [String: JSONValue]
    private var locals: [String: Local] = [:]
    private var steps = 0
    private var returned: JSONValue?
    /// Of a search: what `doc`, `_score` and `_value` are.
    private let document: (any ScriptDocument)?

    /// - Parameter ctx: What the program sees as `ctx`.
    init(ctx: JSONObject, params: JSONObject) {
        roots = ["ctx": .object(ctx), "params": .object(params)]
        document = nil
    }

    init(document: any ScriptDocument, params: JSONObject) {
        roots = ["params": .object(params)]
        self.document = document
    }

    init(context: ScriptContext, params: JSONObject) {
        var ctx: JSONObject = [
            "_source": .object(context.source), "op": .string(context.operation),
            "_id": .string(context.id),
        ]
        if let version = context.version { ctx["_version"] = JSONValue(version) }
        self.init(ctx: ctx, params: params)
    }

    /// What the program made of `ctx`.
    var ctx: JSONObject { roots["ctx"]?.objectValue ?? [:] }

    /// What the script made of the document.
    func finish() throws(ScriptFailure) -> ScriptContext {
        let ctx = roots["ctx"]
        guard case .object(let source)? = ctx?["_source"] else {
            throw failure("ctx._source is no object any more")
        }
        let operation =
            switch ctx?["op"] {
            case .string(let text)?: text
            case nil, .null?: "noop"
            default: throw failure("ctx.op must be a text")
            }
        return ScriptContext(
            source: source, operation: operation, id: ctx?["_id"]?.stringValue ?? "",
            version: nil)
    }

    private func failure(_ reason: String) -> ScriptFailure { ScriptFailure(reason: reason) }

    private mutating func step() throws(ScriptFailure) {
        steps += 1
        if steps > Self.maxSteps {
            throw ScriptFailure(
                type: "circuit_breaking_exception",
                reason: "the script took more than \(Self.maxSteps) steps")
        }
    }

    // MARK: Statements

    mutating func run(_ program: [ScriptStatement]) throws(ScriptFailure) {
        _ = try block(program)
    }

    /// The value that a program returns, or that its last statement has.
    mutating func value(of program: [ScriptStatement]) throws(ScriptFailure) -> JSONValue {
        guard case .evaluate(let expression)? = program.last else {
            _ = try block(program)
            return returned ?? .null
        }
        if try block(program.dropLast()) == .leave { return returned ?? .null }
        return try evaluate(expression)
    }

    private mutating func block(
        _ statements: some Sequence<ScriptStatement>
    ) throws(ScriptFailure) -> Exit {
        for statement in statements {
            let exit = try execute(statement)
            if exit != .none { return exit }
        }
        return .none
    }

    private mutating func execute(_ statement: ScriptStatement) throws(ScriptFailure) -> Exit {
        try step()
        switch statement {
        case .declare(let name, let value): try declare(name, value)
        case .assign(let target, let op, let value):
            var value = try evaluate(value)
            let place = try self.place(of: target)
            if let op { value = try ScriptMath.apply(op, try read(place), value) }
            try change(place) { $0 = value }
        case .evaluate(let expression): _ = try evaluate(expression)
        case .condition(let condition, let yes, let no):
            return try block(try isTrue(condition) ? yes : no)
        case .each(let name, let list, let body):
            for element in try elements(of: try evaluate(list)) {
                locals[name] = .value(element)
                let exit = try block(body)
                if exit == .stop { break }
                if exit == .leave { return exit }
            }
        case .loop(let start, let condition, let after, let body):
            if let start { _ = try execute(start) }
            while try isTrue(condition) {
                try step()
                let exit = try block(body)
                if exit == .stop { break }
                if exit == .leave { return exit }
                if let after { _ = try execute(after) }
            }
        case .leave(let value):
            if let value { returned = try evaluate(value) }
            return .leave
        case .stop: return .stop
        case .proceed: return .proceed
        }
        return .none
    }

    private mutating func declare(
        _ name: String, _ value: ScriptExpression?
    ) throws(ScriptFailure) {
        guard let value else {
            locals[name] = .value(.null)
            return
        }
        let evaluated = try evaluate(value)
        if document != nil {
            locals[name] = .value(evaluated)
            return
        }
        switch (evaluated, value) {
        case (.array, .name), (.array, .member), (.array, .element), (.object, .name),
            (.object, .member), (.object, .element):
            locals[name] = .alias(try place(of: value))
        default: locals[name] = .value(evaluated)
        }
    }

    private func elements(of value: JSONValue) throws(ScriptFailure) -> [JSONValue] {
        switch value {
        case .array(let list): return list
        case .object(let map): return map.keys.map(JSONValue.string)
        default: throw failure("Cannot iterate over [\(value.typeName)]")
        }
    }

    private mutating func isTrue(_ expression: ScriptExpression) throws(ScriptFailure) -> Bool {
        guard case .bool(let value) = try evaluate(expression) else {
            throw ScriptFailure(
                type: "class_cast_exception", reason: "a condition is not a boolean")
        }
        return value
    }

    // MARK: Places

    private mutating func place(of expression: ScriptExpression) throws(ScriptFailure) -> Place {
        switch expression {
        case .name(let name):
            if case .alias(let place)? = locals[name] { return place }
            guard locals[name] != nil || roots[name] != nil else {
                throw failure("cannot resolve symbol [\(name)]")
            }
            return Place(root: name)
        case .member(let base, let name, _):
            var place = try place(of: base)
            place.keys.append(.string(name))
            return place
        case .element(let base, let index):
            var place = try place(of: base)
            place.keys.append(try evaluate(index))
            return place
        default: throw failure("a value cannot be assigned to this")
        }
    }

    private func read(_ place: Place) throws(ScriptFailure) -> JSONValue {
        var value: JSONValue =
            if case .value(let local)? = locals[place.root] { local } else {
                roots[place.root] ?? .null
            }
        for key in place.keys { value = try Self.member(key, of: value) }
        return value
    }

    static func member(_ key: JSONValue, of value: JSONValue) throws(ScriptFailure) -> JSONValue {
        switch (value, key) {
        case (.object(let map), .string(let name)): return map[name] ?? .null
        case (.object(let map), .number(let number)): return map[number.literal] ?? .null
        case (.array(let list), _):
            if case .string("length") = key { return JSONValue(list.count) }
            if case .string(let name) = key,
                let property = try ScriptDocValues.member(name, of: list)
            {
                return property
            }
            guard let index = index(key), list.indices.contains(index) else {
                throw ScriptFailure(
                    type: "index_out_of_bounds_exception",
                    reason: "Index \(key) out of bounds for length \(list.count)")
            }
            return list[index]
        case (.string(let text), .string(let name)):
            if let property = ScriptDates.property(name, of: text) { return property }
            throw ScriptFailure(reason: "dynamic getter [\(value.typeName), \(name)] not found")
        case (.null, _):
            throw ScriptFailure(
                type: "null_pointer_exception",
                reason: "cannot access method/field "
                    + "[\(key.stringValue ?? "\(key)")] from a null def reference")
        default:
            throw ScriptFailure(
                reason: "dynamic getter [\(value.typeName), "
                    + "\(key.stringValue ?? "\(key)")] not found")
        }
    }

    private static func index(_ key: JSONValue) -> Int? {
        switch key {
        case .number(let number): number.int64.map(Int.init)
        case .string(let text): Int(text)
        default: nil
        }
    }

    private mutating func change(
        _ place: Place, _ body: (inout JSONValue) throws(ScriptFailure) -> Void
    ) throws(ScriptFailure) {
        if case .value(var local)? = locals[place.root] {
            locals[place.root] = .value(.null)
            try Self.change(&local, place.keys[...], body)
            locals[place.root] = .value(local)
        } else {
            guard place.root != "params", var root = roots[place.root],
                !(place.root == "ctx" && place.keys.isEmpty)
            else { throw failure("[\(place.root)] cannot be changed") }
            roots[place.root] = .null
            try Self.change(&root, place.keys[...], body)
            roots[place.root] = root
        }
    }

    private static func change(
        _ value: inout JSONValue, _ keys: ArraySlice<JSONValue>,
        _ body: (inout JSONValue) throws(ScriptFailure) -> Void
    ) throws(ScriptFailure) {
        guard let key = keys.first else { return try body(&value) }
        switch value {
        case .object(var map):
            let name = key.stringValue ?? key.numberValue?.literal ?? "null"
            var inner = map[name] ?? .null
            value = .null
            if keys.count > 1, inner.isNull {
                _ = try member(keys[keys.startIndex + 1], of: .null)
            }
            try change(&inner, keys.dropFirst(), body)
            map[name] = inner
            value = .object(map)
        case .array(var list):
            guard let index = index(key), list.indices.contains(index) else {
                _ = try member(key, of: value)
                return
            }
            value = .null
            try change(&list[index], keys.dropFirst(), body)
            value = .array(list)
        default: _ = try member(key, of: value)
        }
    }

    // MARK: Expressions

    private mutating func evaluate(
        _ expression: ScriptExpression
    ) throws(ScriptFailure) -> JSONValue {
        try step()
        if let document, let value = try self.value(of: expression, in: document) { return value }
        switch expression {
        case .value(let value): return value
        case .name: return try read(try place(of: expression))
        case .member(let base, let name, let isOptional):
            let value = try evaluate(base)
            if isOptional, value.isNull { return .null }
            return try Self.member(.string(name), of: value)
        case .element(let base, let index):
            let value = try evaluate(base)
            return try Self.member(try evaluate(index), of: value)
        case .list(let items):
            var list: [JSONValue] = []
            for item in items { list.append(try evaluate(item)) }
            return .array(list)
        case .map(let items):
            var map = JSONObject()
            for (key, value) in items {
                let name: String
                if case .name(let plain) = key {
                    name = plain
                } else {
                    name = ScriptMath.text(try evaluate(key))
                }
                map[name] = try evaluate(value)
            }
            return .object(map)
        case .not(let inner): return .bool(!(try isTrue(inner)))
        case .negative(let inner):
            return try ScriptMath.apply(.subtract, 0, try evaluate(inner))
        case .binary(.and, let left, let right):
            if !(try isTrue(left)) { return false }
            return .bool(try isTrue(right))
        case .binary(.or, let left, let right):
            if try isTrue(left) { return true }
            return .bool(try isTrue(right))
        case .binary(.elvis, let left, let right):
            let value = try evaluate(left)
            return value.isNull ? try evaluate(right) : value
        case .binary(let op, let left, let right):
            let first = try evaluate(left)
            return try ScriptMath.apply(op, first, try evaluate(right))
        case .choice(let condition, let yes, let no):
            return try isTrue(condition) ? evaluate(yes) : evaluate(no)
        case .isType(let inner, let type):
            return .bool(ScriptMath.isType(try evaluate(inner), type))
        case .lambda: throw failure("a lambda can only be given to a method")
        case .call(let base, let name, let arguments): return try call(base, name, arguments)
        }
    }

    /// What an expression is that names a part of the document; nil for all others.
    private mutating func value(
        of expression: ScriptExpression, in document: any ScriptDocument
    ) throws(ScriptFailure) -> JSONValue? {
        switch expression {
        case .name("_score") where locals["_score"] == nil: return JSONValue(document.score)
        case .name("_value") where locals["_value"] == nil: return document.value ?? .null
        case .member(.name("doc"), let field, _):
            return try ScriptDocValues.values(of: field, in: document)
        case .element(.name("doc"), let field):
            return try ScriptDocValues.values(
                of: ScriptMath.text(try evaluate(field)), in: document)
        case .call(.name("doc"), let method, let arguments) where arguments.count == 1:
            let field = ScriptMath.text(try evaluate(arguments[0]))
            switch method {
            case "containsKey": return .bool(document.hasField(field))
            case "get": return try ScriptDocValues.values(of: field, in: document)
            default: return nil
            }
        case .member(.name("params"), "_source", _),
            .element(.name("params"), .value(.string("_source"))):
            do { return .object(try document.source()) } catch {
                throw ScriptFailure(type: error.type, reason: error.reason)
            }
        default: return nil
        }
    }

    private mutating func call(
        _ base: ScriptExpression, _ name: String, _ arguments: [ScriptExpression]
    ) throws(ScriptFailure) -> JSONValue {
        if name == "removeIf", case .lambda(let parameter, let condition)? = arguments.first {
            return try removeIf(base, parameter, condition)
        }
        var values: [JSONValue] = []
        for argument in arguments { values.append(try evaluate(argument)) }
        if case .name(let type) = base, locals[type] == nil, roots[type] == nil {
            return try ScriptMethods.ofType(type, name, values)
        }
        let target = try evaluate(base)
        if ScriptMethods.changes(target, name) {
            let place = try place(of: base)
            var result = JSONValue.null
            try change(place) { (value: inout JSONValue) throws(ScriptFailure) in
                result = try ScriptMethods.change(&value, name, values)
            }
            return result
        }
        return try ScriptMethods.call(target, name, values)
    }

    private mutating func removeIf(
        _ base: ScriptExpression, _ parameter: String, _ condition: ScriptExpression
    ) throws(ScriptFailure) -> JSONValue {
        guard case .array(let list) = try evaluate(base) else {
            throw failure("removeIf is a method of lists")
        }
        let before = locals[parameter]
        var kept: [JSONValue] = []
        for element in list {
            locals[parameter] = .value(element)
            if !(try isTrue(condition)) { kept.append(element) }
        }
        locals[parameter] = before
        let place = try place(of: base)
        try change(place) { $0 = .array(kept) }
        return .bool(kept.count < list.count)
    }
}
