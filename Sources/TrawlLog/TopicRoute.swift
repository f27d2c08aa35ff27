internal import TrawlBytes

/// Which records of a topic go to which indices.
///
/// What is compared is a record's routing key: its header `route`, or its key when it has none.
package struct TopicRoute: Sendable, Hashable {
    package enum Match: Sendable, Hashable {
        /// Every record: with several indices, a fan-out.
        case all
        /// Those whose routing key is this.
        case exact(String)
        /// Those whose routing key fits: words between dots, `*` for any one word, `#` for any
        /// number of them.
        case pattern(String)
        /// Those with these headers, all of them or any.
        case headers([String: String], needsAll: Bool)
    }

    package var name: String
    package var topic: String
    package var match: Match
    /// Sorted; each once.
    package var indices: [String]

    package init(name: String, topic: String, match: Match, indices: [String]) {
        self.name = name
        self.topic = topic
        self.match = match
        self.indices = Set(indices).sorted()
    }

    package func matches(_ record: LogRecord) -> Bool {
        switch match {
        case .all: return true
        case .exact(let key): return Self.routingKey(of: record) == key
        case .pattern(let pattern):
            return Self.routingKey(of: record).map { Self.fits($0, pattern) } ?? false
        case .headers(let wanted, let needsAll):
            func has(_ entry: (key: String, value: String)) -> Bool {
                record.headers.contains {
                    $0.key == entry.key
                        && $0.value.map { $0.elementsEqual(entry.value.utf8) } == true
                }
            }
            return needsAll ? wanted.allSatisfy(has) : wanted.contains(where: has)
        }
    }

    /// Nil when there is none, or when it is not text.
    static func routingKey(of record: LogRecord) -> String? {
        (record.header("route") ?? record.key).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// Takes time in proportion to the product of the words, whatever the pattern.
    package static func fits(_ key: String, _ pattern: String) -> Bool {
        let words = key.split(separator: ".", omittingEmptySubsequences: false)
        // Which lengths of the beginning of the key the pattern so far can stand for.
        var reached = [Bool](repeating: false, count: words.count + 1)
        reached[0] = true
        for part in pattern.split(separator: ".", omittingEmptySubsequences: false) {
            if part == "#" {
                for i in 1..<reached.count where reached[i - 1] { reached[i] = true }
            } else {
                for i in (1..<reached.count).reversed() {
                    reached[i] = reached[i - 1] && (part == "*" || part == words[i - 1])
                }
                reached[0] = false
            }
        }
        return reached[words.count]
    }

    func check() throws(LogError) {
        func refuse(_ reason: String) -> LogError { .invalidRoute(name, reason: reason) }
        guard !name.isEmpty, name.utf8.count <= 200, !name.contains("/") else {
            throw refuse("a name has 1 to 200 bytes and no slash")
        }
        guard !indices.isEmpty else { throw refuse("it names no index") }
        if case .headers(let wanted, _) = match, wanted.isEmpty {
            throw refuse("it names no header")
        }
    }
}

/// The routes of a node, and from where on each pair of a topic and an index was connected.
///
/// The file `routes` beside the topics: envelope, kind "lrte"; count of routes, each: name, topic,
/// indices (count, names), u8 kind (0 all, 1 exact, 2 pattern, 3 all headers, 4 any header), then
/// the text or the headers (count, each: name, value); count of connections, each: topic, index,
/// u64 identity.
struct RouteTable: Sendable, Equatable {
    static let fileName = "routes"
    static let kind = "lrte"
    static let versions: ClosedRange<UInt16> = 1...1

    struct Pair: Sendable, Hashable, Comparable {
        var topic: String
        var index: String

        static func < (left: Self, right: Self) -> Bool {
            (left.topic, left.index) < (right.topic, right.index)
        }
    }

    var routes: [String: TopicRoute] = [:]
    /// A connection that ends and begins again is another one: its records are not those that the
    /// index's shards have noted as applied.
    var connections: [Pair: UInt64] = [:]

    init() {}

    var wantedPairs: Set<Pair> {
        Set(routes.values.flatMap { r in r.indices.map { Pair(topic: r.topic, index: $0) } })
    }

    func bytes() -> [UInt8] {
        var writer = ByteWriter()
        writer.writeVarint(routes.count)
        for (_, route) in routes.sorted(by: { $0.key < $1.key }) {
            writer.write(route.name)
            writer.write(route.topic)
            writer.writeVarint(route.indices.count)
            for index in route.indices { writer.write(index) }
            switch route.match {
            case .all: writer.write(UInt8(0))
            case .exact(let key):
                writer.write(UInt8(1))
                writer.write(key)
            case .pattern(let pattern):
                writer.write(UInt8(2))
                writer.write(pattern)
            case .headers(let headers, let needsAll):
                writer.write(UInt8(needsAll ? 3 : 4))
                writer.writeVarint(headers.count)
                for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
                    writer.write(name)
                    writer.write(value)
                }
            }
        }
        writer.writeVarint(connections.count)
        for (pair, identity) in connections.sorted(by: { $0.key < $1.key }) {
            writer.write(pair.topic)
            writer.write(pair.index)
            writer.write(identity)
        }
        return EnvelopeFormat.wrap(
            writer.bytes, kind: Self.kind, version: Self.versions.upperBound, owner: 0)
    }

    init(bytes: [UInt8], file: String) throws(CorruptionError) {
        let payload = try EnvelopeFormat.unwrap(
            bytes, file: file, kind: Self.kind, versions: Self.versions, owner: nil
        ).payload
        var reader = ByteReader(payload, file: file)
        for _ in 0..<(try reader.readCount()) {
            let name = try reader.readString()
            let topic = try reader.readString()
            var indices: [String] = []
            for _ in 0..<(try reader.readCount()) { indices.append(try reader.readString()) }
            let match: TopicRoute.Match
            switch try reader.read(UInt8.self) {
            case 0: match = .all
            case 1: match = .exact(try reader.readString())
            case 2: match = .pattern(try reader.readString())
            case let kind where kind == 3 || kind == 4:
                var headers: [String: String] = [:]
                for _ in 0..<(try reader.readCount()) {
                    let header = try reader.readString()
                    headers[header] = try reader.readString()
                }
                match = .headers(headers, needsAll: kind == 3)
            case let kind: throw reader.damaged("a route of kind \(kind)")
            }
            routes[name] = TopicRoute(name: name, topic: topic, match: match, indices: indices)
        }
        for _ in 0..<(try reader.readCount()) {
            let pair = Pair(topic: try reader.readString(), index: try reader.readString())
            connections[pair] = try reader.read()
        }
    }
}
