package import TrawlJSON
package import TrawlSchema

/// What a script works on: a document, what is to become of it, and nothing else.
package struct ScriptContext: Sendable {
    package var source: JSONObject
    /// `ctx.op`: `index`, `delete`, `none` or `noop`.
    package var operation: String
    package var id: String
    package var version: Int64?

    package init(source: JSONObject, operation: String, id: String, version: Int64?) {
        self.source = source
        self.operation = operation
        self.id = id
        self.version = version
    }
}

/// A scripted update in a small language whose programs look like Painless: assignments, local
/// variables, conditions, loops over lists, and the everyday methods of lists, maps and strings.
///
/// A program sees the document and its parameters, no clock, no chance, no files, so that every
/// copy comes to the same result. Its steps and the size of its texts are bounded.
package struct Script: Sendable {
    let program: [ScriptStatement]
    let params: JSONObject

    /// - Parameter json: The text, or an object with `source`, `params` and `lang`.
    package init(_ json: JSONValue) throws(SchemaError) {
        switch json {
        case .string(let text):
            program = try Self.compile(text)
            params = [:]
        case .object(let object):
            if let language = object["lang"]?.stringValue, language != "painless" {
                throw SchemaError(
                    type: "illegal_argument_exception",
                    reason: "script_lang not supported [\(language)]")
            }
            guard let text = object["source"]?.stringValue ?? object["inline"]?.stringValue else {
                throw SchemaError(
                    type: "illegal_argument_exception",
                    reason: object["id"] == nil
                        ? "must specify either [source] for an inline script or [id] for a stored "
                            + "script"
                        : "unable to find script [\(object["id"]?.stringValue ?? "")]")
            }
            program = try Self.compile(text)
            params = object["params"]?.objectValue ?? [:]
        default:
            throw SchemaError(
                type: "illegal_argument_exception", reason: "script must be a text or an object")
        }
    }

    /// As in Elasticsearch.
    private static let maxByteCount = 65_535

    private static func compile(_ text: String) throws(SchemaError) -> [ScriptStatement] {
        guard text.utf8.count <= maxByteCount else {
            throw SchemaError(
                type: "illegal_argument_exception", reason: "failed to execute script",
                causes: [
                    .init(
                        type: "illegal_argument_exception",
                        reason: "exceeded max allowed inline script size in bytes "
                            + "[\(maxByteCount)] with size [\(text.utf8.count)]")
                ])
        }
        do throws(ScriptFailure) {
            var parser = try ScriptParser(text)
            return try parser.program()
        } catch {
            throw SchemaError(
                type: "illegal_argument_exception", reason: "failed to execute script",
                causes: [
                    .init(type: "script_exception", reason: "compile error"),
                    .init(type: "illegal_argument_exception", reason: error.reason),
                ])
        }
    }

    package func run(_ context: inout ScriptContext) throws(SchemaError) {
        do throws(ScriptFailure) {
            var interpreter = ScriptInterpreter(context: context, params: params)
            try interpreter.run(program)
            context = try interpreter.finish()
        } catch {
            throw Self.runtimeError(error)
        }
    }

    /// Runs on a map that is `ctx` by itself, as in ingest pipelines.
    package func run(on ctx: inout JSONObject) throws(SchemaError) {
        do throws(ScriptFailure) {
            var interpreter = ScriptInterpreter(ctx: ctx, params: params)
            try interpreter.run(program)
            ctx = interpreter.ctx
        } catch {
            throw Self.runtimeError(error)
        }
    }

    /// What a program comes to that is asked for its value, such as a condition.
    package func value(on ctx: JSONObject) throws(SchemaError) -> JSONValue {
        do throws(ScriptFailure) {
            var interpreter = ScriptInterpreter(ctx: ctx, params: params)
            return try interpreter.value(of: program)
        } catch {
            throw Self.runtimeError(error)
        }
    }

    private static func runtimeError(_ failure: ScriptFailure) -> SchemaError {
        SchemaError(
            type: "illegal_argument_exception", reason: "failed to execute script",
            causes: [
                .init(type: "script_exception", reason: "runtime error"),
                .init(type: failure.type, reason: failure.reason),
            ])
    }
}

/// A script cannot be read, or cannot go on.
struct ScriptFailure: Error, Equatable {
    var type = "illegal_argument_exception"
    var reason: String
}

indirect enum ScriptStatement: Sendable, Equatable {
    case declare(String, ScriptExpression?)
    /// `=` is nil; else the operator of `+=` and the like.
    case assign(ScriptExpression, ScriptOperator?, ScriptExpression)
    case evaluate(ScriptExpression)
    case condition(ScriptExpression, [ScriptStatement], [ScriptStatement])
    case each(String, ScriptExpression, [ScriptStatement])
    case loop(ScriptStatement?, ScriptExpression, ScriptStatement?, [ScriptStatement])
    case leave(ScriptExpression?)
    case stop
    case proceed
}

indirect enum ScriptExpression: Sendable, Equatable {
    case value(JSONValue)
    case name(String)
    case member(ScriptExpression, String, isOptional: Bool)
    case element(ScriptExpression, ScriptExpression)
    case call(ScriptExpression, String, [ScriptExpression])
    case list([ScriptExpression])
    case map([(ScriptExpression, ScriptExpression)])
    case not(ScriptExpression)
    case negative(ScriptExpression)
    case binary(ScriptOperator, ScriptExpression, ScriptExpression)
    case choice(ScriptExpression, ScriptExpression, ScriptExpression)
    case lambda(String, ScriptExpression)
    case isType(ScriptExpression, String)

    static func == (left: Self, right: Self) -> Bool { "\(left)" == "\(right)" }
}

enum ScriptOperator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case remainder = "%"
    case equal = "=="
    case unequal = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case and = "&&"
    case or = "||"
    case elvis = "?:"
}
