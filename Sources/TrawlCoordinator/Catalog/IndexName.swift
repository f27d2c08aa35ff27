internal import TrawlErrors
/// What may be the name of an index or an alias.
package enum IndexName {
    package static let maxByteCount = 255

    package static func check(_ name: String) throws(CoordinatorError) {
        if name.contains(where: { "\\/*?\"<>| ,".contains($0) }) || name.isEmpty {
            throw .invalidName(
                name,
                "must not contain the following characters [ , \", *, \\, <, |, ,, >, /, ?]")
        }
        if name.contains("#") { throw .invalidName(name, "must not contain '#'") }
        if name.contains(":") { throw .invalidName(name, "must not contain ':'") }
        if let first = name.first, "_-+".contains(first) {
            throw .invalidName(name, "must not start with '_', '-', or '+'")
        }
        if name.utf8.count > maxByteCount {
            throw .invalidName(
                name, "index name is too long, (\(name.utf8.count) > \(maxByteCount))")
        }
        if name == "." || name == ".." { throw .invalidName(name, "must not be '.' or '..'") }
        if name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) {
            throw .invalidName(name, "must not contain control characters")
        }
    }

    package static func checkIndex(_ name: String) throws(CoordinatorError) {
        try check(name)
        if name.contains(where: \.isUppercase) {
            throw .invalidName(name, "must be lowercase")
        }
    }

    package static func checkAlias(_ name: String) throws(CoordinatorError) {
        do {
            try check(name)
        } catch {
            throw CoordinatorError(
                .invalidRequest, "invalid_alias_name_exception",
                error.reason.replacing("Invalid index name", with: "Invalid alias name"))
        }
    }
}
