internal import TrawlHTTP

/// Media types of requests and answers.
enum MediaType {
    /// The parameter with which newer clients say which version's answers they understand.
    private static let vendor = "application/vnd.elasticsearch+"

    /// Refuses a body that is declared as something other than JSON.
    static func check(_ request: HTTPRequest) throws(APIError) {
        if request.body.isEmpty { return try checkSource(request) }
        guard let declared = request.header("content-type") else {
            throw APIError(406, "", "Content-Type header is missing")
        }
        let type = declared.prefix { $0 != ";" }.lowercased()
            .filter { $0 != " " }
        switch type {
        case "application/json", "application/x-ndjson", "application/ndjson",
            vendor + "json", vendor + "x-ndjson", "application/x-json", "text/json":
            return
        default:
            throw APIError(406, "", "Content-Type header [\(declared)] is not supported")
        }
    }

    /// A body in the parameter `source` has its type in another.
    private static func checkSource(_ request: HTTPRequest) throws(APIError) {
        guard request.parameter("source") != nil else { return }
        guard let type = request.parameter("source_content_type") else {
            throw APIError(
                400, "illegal_state_exception",
                "source and source_content_type parameters are required")
        }
        let plain = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        if !["application/json", "application/x-ndjson", vendor + "json"].contains(plain) {
            throw APIError(
                400, "illegal_state_exception",
                "Unknown value for source_content_type [\(type)]")
        }
    }

    /// What JSON answers are declared as: the vendor's type for those who accept it.
    static func json(for request: HTTPRequest) -> String {
        let accept = request.header("accept") ?? request.header("content-type") ?? ""
        if accept.hasPrefix(vendor), let version = compatibleVersion(accept) {
            return vendor + "json;compatible-with=\(version)"
        }
        return "application/json; charset=UTF-8"
    }

    private static func compatibleVersion(_ text: String) -> String? {
        guard let range = text.firstRange(of: "compatible-with=") else { return nil }
        let version = text[range.upperBound...].prefix { $0.isNumber }
        return ["7", "8", "9"].contains(version) ? String(version) : nil
    }
}
