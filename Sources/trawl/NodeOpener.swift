internal import Glibc
internal import TrawlFiles
internal import TrawlHTTP
internal import TrawlNode

/// Finds the node that a verb means: `--url`, or the data in `--data`, whoever has it.
enum NodeOpener {
    static func open(_ arguments: Arguments, creates: Bool = false) throws -> any NodeAccess {
        if let url = arguments.value("url") {
            guard arguments.value("data") == nil else {
                throw UsageError("give either --url or --data, not both")
            }
            return RemoteNode(url: url)
        }
        let directory =
            arguments.value("data") ?? Terminal.environment("TRAWL_DATA") ?? "trawl-data"
        if !creates, unsafe access(directory, F_OK) != 0 {
            throw UsageError(
                "there is no data in \(directory): trawl index makes it, --data names another "
                    + "directory, --url a node")
        }
        do {
            return LocalNode(directory, node: try EmbeddedNode(dataDirectory: directory))
        } catch let error as FileError {
            guard case .locked(let holder) = error.problem,
                let start = holder.range(ofText: "http://")
            else { throw error }
            let url = String(holder[start...].prefix { !$0.isWhitespace && $0 != ")" })
            Output.error("\(directory) is in use by the node at \(url): asking that node")
            return RemoteNode(url: url)
        }
    }
}

/// A node within this process.
private struct LocalNode: NodeAccess {
    let place: String
    private let node: EmbeddedNode

    init(_ directory: String, node: EmbeddedNode) {
        place = directory
        self.node = node
    }

    func send(
        _ method: HTTPRequest.Method, _ target: String, headers: [(name: String, value: String)],
        body: [UInt8]
    ) throws -> HTTPResponse {
        let lowered = headers.map { (name: $0.name.lowercased(), value: $0.value) }
        return node.respond(
            to: try HTTPRequest(method: method, target: target, headers: lowered, body: body))
    }

    func close() { node.close() }
}

extension String {
    /// Where a piece of text begins.
    fileprivate func range(ofText text: String) -> Index? {
        var place = startIndex
        while place < endIndex {
            if self[place...].hasPrefix(text) { return place }
            place = index(after: place)
        }
        return nil
    }
}
