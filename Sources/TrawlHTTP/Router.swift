/// Which endpoint a method and a path mean.
///
/// Patterns are paths with names in braces, `/{index}/_doc/{id}`. A literal segment wins over a
/// name; where it leads nowhere, the name is tried: `/_all` is an index if no route says else.
package struct Router<Endpoint: Sendable>: Sendable {
    package enum Match: Sendable {
        case found(Endpoint, [String: String])
        /// The path exists, the method does not: which would do.
        case wrongMethod(allowed: [HTTPRequest.Method])
        case unknownPath
    }

    private final class Branch: @unchecked Sendable {
        // Only changed while the router is built, by the one thread that builds it.
        var literals: [String: Branch] = [:]
        var named: Branch?
        /// The name of the last segment may differ by route, so names are kept with the endpoint.
        var endpoints: [HTTPRequest.Method: (endpoint: Endpoint, names: [String])] = [:]
    }

    private let root = Branch()

    package init() {}

    package mutating func add(
        _ method: HTTPRequest.Method, _ pattern: String, _ endpoint: Endpoint
    ) {
        var branch = root
        var names: [String] = []
        for segment in pattern.split(separator: "/") {
            let next: Branch
            if segment.hasPrefix("{") {
                names.append(String(segment.dropFirst().dropLast()))
                next = branch.named ?? Branch()
                branch.named = next
            } else {
                next = branch.literals[String(segment)] ?? Branch()
                branch.literals[String(segment)] = next
            }
            branch = next
        }
        precondition(branch.endpoints[method] == nil, "two routes for \(method) \(pattern)")
        branch.endpoints[method] = (endpoint, names)
    }

    package func match(_ method: HTTPRequest.Method, _ segments: [String]) -> Match {
        var allowed: Set<HTTPRequest.Method> = []
        if let (found, values) = search(root, segments[...], [], method, &allowed) {
            return .found(
                found.endpoint,
                Dictionary(zip(found.names, values), uniquingKeysWith: { first, _ in first }))
        }
        if allowed.isEmpty { return .unknownPath }
        return .wrongMethod(allowed: HTTPRequest.Method.allCases.filter(allowed.contains))
    }

    private func search(
        _ branch: Branch, _ rest: ArraySlice<String>, _ values: [String],
        _ method: HTTPRequest.Method, _ allowed: inout Set<HTTPRequest.Method>
    ) -> ((endpoint: Endpoint, names: [String]), [String])? {
        guard let segment = rest.first else {
            if let found = branch.endpoints[method] { return (found, values) }
            // HEAD is answered as GET, without the body.
            if method == .head, let found = branch.endpoints[.get] { return (found, values) }
            allowed.formUnion(branch.endpoints.keys)
            return nil
        }
        if let next = branch.literals[segment],
            let found = search(next, rest.dropFirst(), values, method, &allowed)
        {
            return found
        }
        guard let next = branch.named else { return nil }
        return search(next, rest.dropFirst(), values + [segment], method, &allowed)
    }
}
