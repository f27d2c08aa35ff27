import Testing

import TrawlBytes
import TrawlCapture
import TrawlJSON
import TrawlTestKit

@Suite("RangeDigests", .randomized())
struct RangeDigestsTests {
    /// Documents with ids of a small set, so that some are on both sides.
    private func documents(_ random: inout SplitMix64) -> [String: [UInt8]] {
        var documents: [String: [UInt8]] = [:]
        for _ in 0..<Int.random(in: 0...300, using: &random) {
            documents["d\(Int.random(in: 0...400, using: &random))"] = [
                UInt8.random(in: 0...3, using: &random)
            ]
        }
        return documents
    }

    private func digests(_ documents: [String: [UInt8]]) -> RangeDigests {
        var digests = RangeDigests()
        for (id, source) in documents { digests.add(RangeDigests.digest(of: id, source), of: id) }
        return digests
    }

    @Test("differing ranges, and the keys in them, are those of a look at every document")
    func comparison() {
        var random = RandomContext.generator()
        let store = documents(&random)
        var index = store
        for id in index.keys.sorted() {
            switch Int.random(in: 0...20, using: &random) {
            case 0: index[id] = nil
            case 1: index[id] = [9]
            default: break
            }
        }
        if Bool.random(using: &random) { index["extra"] = [1] }
        let ranges = digests(store).differing(from: digests(index))
        let wanted = Set(store.keys).union(index.keys).filter { store[$0] != index[$0] }
        #expect(ranges == Set(wanted.map(RangeDigests.range)))
        var comparison = KeyComparison(ranges: ranges)
        for (id, source) in store {
            comparison.addOfStore(id, RangeDigests.digest(of: id, source))
        }
        for (id, source) in index {
            comparison.addOfIndex(id, RangeDigests.digest(of: id, source))
        }
        comparison.finish()
        #expect(comparison.missing == store.keys.filter { index[$0] == nil }.sorted())
        #expect(comparison.surplus == index.keys.filter { store[$0] == nil }.sorted())
        #expect(
            comparison.different
                == wanted.filter { store[$0] != nil && index[$0] != nil }.sorted())
    }

    @Test("a document moved into another's content changes the sum")
    func content() {
        #expect(digests(["a": [1], "b": [2]]) != digests(["a": [2], "b": [1]]))
        #expect(digests(["a": [1], "b": [2]]) == digests(["b": [2], "a": [1]]))
    }
}

@Suite("Words of the capture")
struct CaptureWordsTests {
    @Test("a key of several parts becomes one id and comes back")
    func keys() {
        for parts in [["1"], ["a|b"], ["a", "b"], ["a|b", "c%d"], ["", ""], ["%7C", "|"]] {
            let id = RowKey.id(of: parts)
            #expect(RowKey.parts(of: id, count: parts.count) == parts, "\(id)")
        }
        #expect(RowKey.id(of: ["a|", "b"]) != RowKey.id(of: ["a", "|b"]))
    }

    @Test("base64 is that of RFC 4648")
    func base64() {
        let cases = [
            "": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg==",
            "fooba": "Zm9vYmE=", "foobar": "Zm9vYmFy",
        ]
        for (plain, text) in cases {
            #expect(Base64.text(Array(plain.utf8)) == text)
            #expect(Base64.bytes(text) == Array(plain.utf8))
        }
        #expect(Base64.bytes("Zg=") == nil)
        #expect(Base64.bytes("Z") == nil)
    }

    @Test("pauses grow to a bound, and begin anew after a success")
    func backOff() {
        var backOff = BackOff()
        let pauses = (0..<12).map { _ in backOff.failed(chance: 1) }
        #expect(pauses == pauses.sorted())
        #expect(pauses.first == BackOff.first && pauses.last == BackOff.longest)
        backOff.succeeded()
        #expect(backOff.failed(chance: 1) == BackOff.first)
        #expect(backOff.failed(chance: 0) < backOff.failed(chance: 1))
    }

    @Test("a configuration says what is wrong with it, and hides the password")
    func configuration() throws {
        func reason(_ text: String) -> String {
            do {
                _ = try CaptureConfiguration(json: try .parse(text))
                return ""
            } catch { return "\(error)" }
        }
        #expect(reason(#"{"from": "sqlite:/a", "table": "t"}"#).contains("[index] is missing"))
        #expect(reason(#"{"index": "i", "from": "sqlite:a", "table": "t"}"#).contains("whole path"))
        #expect(reason(#"{"index": "i", "from": "sqlite:/a"}"#).contains("[table] is missing"))
        #expect(reason(#"{"index": "i", "form": "x"}"#).contains("unknown member [form]"))
        #expect(reason(#"{"index": "i", "from": "mysql://x", "table": "t"}"#).contains("postgres"))
        let configuration = try CaptureConfiguration(
            json: [
                "index": "i", "table": "t", "from": "postgres://me:geheim@host/db",
                "columns": "id,body:text",
            ])
        #expect(configuration.shownFrom == "postgres://me:…@host/db")
        #expect(!configuration.json(showsSecrets: false).description.contains("geheim"))
        #expect(configuration.fieldNames.map(\.field) == ["id", "text"])
        #expect(
            try CaptureConfiguration(json: configuration.json(showsSecrets: true)) == configuration
        )
    }
}
