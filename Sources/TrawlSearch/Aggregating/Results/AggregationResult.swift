package import TrawlJSON
internal import TrawlQuery

/// What an aggregation came to over all shards: what is shown, and what other aggregations may
/// take from it.
package struct AggregationResult: Sendable {
    package enum Content: Sendable {
        case values(ValuesContent)
        case single(docCount: Int, NamedResults)
        case buckets(BucketsContent)
        case hits(HitsContent)
    }

    /// What `typed_keys` puts before the name.
    package var typeName: String
    package var content: Content
    package var meta: JSONObject?

    init(_ typeName: String, _ content: Content) {
        self.typeName = typeName
        self.content = content
    }
}

/// Results side by side, in order.
package struct NamedResults: Sendable {
    package private(set) var members: [(name: String, result: AggregationResult)] = []

    package init() {}

    subscript(name: String) -> AggregationResult? {
        members.first { $0.name == name }?.result
    }

    mutating func append(_ name: String, _ result: AggregationResult) {
        members.append((name, result))
    }
}

/// Numbers and whatever else a metric shows.
package struct ValuesContent: Sendable {
    var body: JSONObject
    /// By name, for orders and pipelines. NaN where there is none.
    var properties: [(name: String, value: Double)]

    init(body: JSONObject, properties: [(name: String, value: Double)]) {
        self.body = body
        self.properties = properties
    }

    /// One number, as `value`.
    init(_ value: Double?, _ display: ValueDisplay) {
        body = ["value": value.map { JSONValue(number: $0) } ?? .null]
        if let value, let text = display.text(value) { body["value_as_string"] = .string(text) }
        properties = [("value", value ?? .nan)]
    }

    func property(_ name: String?) -> Double? {
        guard let name else { return properties.first?.value }
        if let found = properties.first(where: { $0.name == name }) { return found.value }
        // Percentiles are asked for as `99` and as `99.0`.
        guard let number = Double(name) else { return nil }
        return properties.first { Double($0.name) == number }?.value
    }
}

package struct BucketResult: Sendable {
    var key: BucketKey
    /// Where it stands on its axis; for rates.
    var position: Double?
    /// Its name among keyed buckets.
    var label: String
    /// What is shown before the count.
    var fields: JSONObject
    var docCount: Int
    /// What is shown behind the count.
    var trailer = JSONObject()
    var children: NamedResults

    init(
        key: BucketKey, label: String, fields: JSONObject, docCount: Int, children: NamedResults
    ) {
        self.key = key
        self.label = label
        self.fields = fields
        self.docCount = docCount
        self.children = children
    }
}

package struct BucketsContent: Sendable {
    /// What is shown before the buckets.
    var head = JSONObject()
    var isKeyed = false
    var buckets: [BucketResult]
}

package struct HitsContent: Sendable {
    var request: SearchRequest
    var total: TotalHits
    var maxScore: Float?
    var hits: [PlacedHit]
}

/// A hit with the index that it is of.
package struct PlacedHit: Sendable, Codable {
    var hit: Hit
    var place: ShardPlace
}

// MARK: - JSON

extension NamedResults {
    /// The members of an object that is open.
    package func write(to writer: inout JSONWriter, typedKeys: Bool) {
        for (name, result) in members {
            writer.key(typedKeys ? "\(result.typeName)#\(name)" : name)
            result.write(to: &writer, typedKeys: typedKeys)
        }
    }
}

extension AggregationResult {
    func write(to writer: inout JSONWriter, typedKeys: Bool) {
        writer.startObject()
        if let meta {
            writer.key("meta")
            writer.value(meta)
        }
        switch content {
        case .values(let values): writer.members(values.body)
        case .single(let docCount, let children):
            writer.key("doc_count")
            writer.value(docCount)
            children.write(to: &writer, typedKeys: typedKeys)
        case .buckets(let buckets): buckets.write(to: &writer, typedKeys: typedKeys)
        case .hits(let hits): hits.write(to: &writer)
        }
        writer.endObject()
    }
}

extension BucketsContent {
    func write(to writer: inout JSONWriter, typedKeys: Bool) {
        writer.members(head)
        writer.key("buckets")
        if isKeyed { writer.startObject() } else { writer.startArray() }
        for bucket in buckets {
            if isKeyed { writer.key(bucket.label) }
            writer.startObject()
            writer.members(bucket.fields)
            writer.key("doc_count")
            writer.value(bucket.docCount)
            writer.members(bucket.trailer)
            bucket.children.write(to: &writer, typedKeys: typedKeys)
            writer.endObject()
        }
        if isKeyed { writer.endObject() } else { writer.endArray() }
    }
}

extension HitsContent {
    func write(to writer: inout JSONWriter) {
        writer.key("hits")
        writer.startObject()
        writer.key("total")
        writer.startObject()
        writer.key("value")
        writer.value(total.value)
        writer.key("relation")
        writer.value("eq")
        writer.endObject()
        writer.key("max_score")
        if let maxScore { writer.value(maxScore) } else { writer.null() }
        writer.key("hits")
        writer.startArray()
        for hit in hits {
            writer.startObject()
            hit.hit.writeMembers(to: &writer, index: hit.place.index, request)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}

extension JSONWriter {
    fileprivate mutating func members(_ object: JSONObject) {
        for (key, value) in object {
            self.key(key)
            self.value(value)
        }
    }
}
