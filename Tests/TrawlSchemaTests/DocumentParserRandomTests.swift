import Testing
import TrawlJSON
import TrawlSchema
import TrawlTestKit

@Suite("DocumentParser on random documents", .randomized(rounds: 4))
struct DocumentParserRandomTests {
    /// What a walk over the tree says the fields hold: the parser in its plainest form.
    private struct Reference {
        var keywords: [String: [String]] = [:]
        var numbers: [String: [Int64]] = [:]
        var words: [String: [String]] = [:]

        mutating func add(_ value: JSONValue, at path: String, gap: inout [String: Int]) {
            switch value {
            case .object(let object):
                for (key, inner) in object {
                    add(inner, at: path.isEmpty ? key : path + "." + key, gap: &gap)
                }
            case .array(let list):
                for item in list { add(item, at: path, gap: &gap) }
            case .string(let text):
                keywords[path + ".keyword", default: []].append(text)
                var position = gap[path] ?? -1
                for word in text.split(separator: " ") {
                    position += 1
                    words[path, default: []].append("\(word)@\(position)")
                }
                gap[path] = position + 100
            case .number(let number):
                if let integer = number.int64 { numbers[path, default: []].append(integer) }
            case .bool(let bool):
                numbers[path, default: []].append(bool ? 1 : 0)
            case .null: break
            }
        }
    }

    /// A name says what its values are, so that the mapping never sees two kinds in one field.
    private func value(
        _ kind: Int, _ random: inout SplitMix64, depth: Int
    ) -> JSONValue {
        switch kind {
        case 0:
            let count = Int.random(in: 0...4, using: &random)
            let words = (0..<count).map { _ in "w\(Int.random(in: 0...9, using: &random))" }
            return .string(words.joined(separator: " "))
        case 1: return JSONValue(Int.random(in: -1_000...1_000, using: &random))
        case 2: return .bool(.random(using: &random))
        default: return .object(object(&random, depth: depth + 1))
        }
    }

    private func object(_ random: inout SplitMix64, depth: Int) -> JSONObject {
        var result: JSONObject = [:]
        let kinds = depth > 4 ? 3 : 4
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            let kind = Int.random(in: 0..<kinds, using: &random)
            let name = ["s", "n", "b", "o"][kind] + "\(Int.random(in: 0...2, using: &random))"
            switch Int.random(in: 0...9, using: &random) {
            case 0: result[name] = .null
            case 1...3:
                let count = Int.random(in: 0...4, using: &random)
                result[name] = .array(
                    (0..<count).map { _ in
                        Int.random(in: 0...5, using: &random) == 0
                            ? .array([value(kind, &random, depth: depth), .null])
                            : value(kind, &random, depth: depth)
                    })
            default: result[name] = value(kind, &random, depth: depth)
            }
        }
        return result
    }

    @Test("the parser holds what a walk over the tree finds")
    func agrees() throws {
        var random = RandomContext.generator()
        var schema = try Schema(#"{"date_detection": false}"#)
        for _ in 0..<60 {
            let source = JSONValue.object(object(&random, depth: 0))
            let text = String(decoding: source.serialized(), as: UTF8.self)
            let parsed = try schema.parse(text)
            var reference = Reference()
            var gap: [String: Int] = [:]
            reference.add(source, at: "", gap: &gap)
            for field in schema.mapping.fields where !field.isMetadata {
                let path = field.path
                switch field.type.typeName {
                case "keyword":
                    #expect(parsed.values(path) == reference.keywords[path] ?? [], "\(text)")
                    #expect(parsed.terms(path).count == parsed.values(path).count)
                case "text":
                    #expect(parsed.terms(path) == reference.words[path] ?? [], "\(text)")
                default:
                    #expect(parsed.numbers(path) == reference.numbers[path] ?? [], "\(text)")
                }
            }
            let fields = parsed.document.terms.map(\.field)
            #expect(Set(fields).count == fields.count)
            let covered = parsed.document.terms.reduce(0) { $0 + $1.occurrences.count }
            #expect(covered == parsed.document.occurrences.count)
            // What the mapping says of itself makes the same mapping.
            let again = try MappingParser(context: schema.context)
                .parse(.object(schema.mapping.json))
            #expect(again == schema.mapping)
        }
    }

    @Test("whatever bytes come, the parser answers and goes on")
    func hostileBytes() throws {
        var random = RandomContext.generator()
        let schema = try Schema.fields(
            #"""
            {"a": {"type": "long"}, "b": {"type": "geo_point"}, "c": {"type": "nested"},
             "d": {"type": "date"}, "e": {"type": "flat_object"}, "f": {"type": "ip"}}
            """#)
        let parser = try DocumentParser(mapping: schema.mapping, catalog: schema.catalog)
        var document = ParsedDocument()
        let good = Array(
            #"{"a":[1,"2"],"b":{"lat":1,"lon":2},"c":[{"x":1},{}],"d":"2020","e":{"f":[1]},"f":"::1"}"#
                .utf8)
        for _ in 0..<500 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default:
                    bytes.insert(
                        Array(#"{}[]",:.1e-"#.utf8).randomElement(using: &random)!, at: place)
                }
                if bytes.isEmpty { break }
            }
            _ = try? parser.parse(id: "x", source: bytes, into: &document)
        }
        #expect(try parser.parse(id: "x", source: good, into: &document) != .parsed)
        let grown = try Schema.fields(#"{"a": {"type": "long"}}"#)
        try parser.use(grown.mapping)
        #expect(
            try parser.parse(id: "x", source: Array(#"{"a":[1,"2"]}"#.utf8), into: &document)
                == .parsed)
        #expect(document.numbers.map(\.value) == [1, 2])
    }
}
