/// Text made safe for a page.
enum HTML {
    static func escape(_ text: String) -> String {
        var safe = ""
        safe.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": safe += "&amp;"
            case "<": safe += "&lt;"
            case ">": safe += "&gt;"
            case "\"": safe += "&quot;"
            case "'": safe += "&#39;"
            default: safe.unicodeScalars.append(scalar)
            }
        }
        return safe
    }

    /// Cut to a number of characters with an ellipsis, then made safe.
    static func short(_ text: String, _ length: Int) -> String {
        text.count <= length ? escape(text) : escape(String(text.prefix(length - 1))) + "…"
    }

    /// A coordinate: two digits are plenty.
    static func at(_ value: Double) -> String { fixed(value, 2) }
}
