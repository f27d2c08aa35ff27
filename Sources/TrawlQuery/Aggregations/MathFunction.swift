internal import Glibc

/// The functions of `Math` that scripts of buckets may call.
enum MathFunction {
    static let arity: [String: Int] = [
        "abs": 1, "ceil": 1, "floor": 1, "round": 1, "sqrt": 1, "exp": 1, "log": 1, "log10": 1,
        "sin": 1, "cos": 1, "tan": 1, "signum": 1, "max": 2, "min": 2, "pow": 2,
    ]

    static func value(_ name: String, _ arguments: [Double]) -> Double? {
        guard arguments.count == arity[name] else { return nil }
        let x = arguments[0]
        switch name {
        case "abs": return x.magnitude
        case "ceil": return x.rounded(.up)
        case "floor": return x.rounded(.down)
        case "round": return (x + 0.5).rounded(.down)
        case "sqrt": return x.squareRoot()
        case "exp": return exp(x)
        case "log": return log(x)
        case "log10": return log10(x)
        case "sin": return sin(x)
        case "cos": return cos(x)
        case "tan": return tan(x)
        case "signum": return x > 0 ? 1 : x < 0 ? -1 : x
        case "max": return max(x, arguments[1])
        case "min": return min(x, arguments[1])
        default: return pow(x, arguments[1])
        }
    }
}
