import Testing
import TrawlJSON
import TrawlQuery
import TrawlTestKit

@testable import TrawlSearch

@Suite("Highlighter", .randomized(rounds: 1))
struct HighlighterTests {
    /// The snippets of field `t` of one document.
    private func snippets(
        _ text: JSONValue, _ query: JSONValue, _ options: JSONObject = [:],
        mapping: JSONValue = ["type": "text"]
    ) throws -> [String] {
        let fixture = try SearchFixture(properties: ["t": mapping])
        try fixture.put("1", ["t": text])
        let answer = try fixture.search([
            "query": ["bool": ["should": [query, ["match_all": [:]]]]],
            "highlight": ["fields": ["t": .object(options)]],
        ])
        let found = answer.hits[0].highlight["t"]?.arrayValue ?? []
        return found.compactMap(\.stringValue)
    }

    @Test("a sentence that fits is a passage, and neighbours that fit join it")
    func sentences() throws {
        let text: JSONValue = "One herring. Two nets. A long way to the harbour it was that day."
        let query: JSONValue = ["match": ["t": "nets"]]
        #expect(try snippets(text, query, ["fragment_size": 15]) == ["Two <em>nets</em>."])
        #expect(
            try snippets(text, query, ["fragment_size": 60])
                == ["Two <em>nets</em>. A long way to the harbour it was that day."])
    }

    @Test("a sentence that is too long is cut between words around what was found")
    func longSentence() throws {
        let text = JSONValue.string(
            (0..<60).map { "word\($0)" }.joined(separator: " ") + " herring "
                + (60..<120).map { "word\($0)" }.joined(separator: " "))
        let found = try snippets(text, ["match": ["t": "herring"]], ["fragment_size": 40])
        #expect(found.count == 1)
        let plain = found[0].replacing("<em>", with: "").replacing("</em>", with: "")
        #expect(found[0].contains("<em>herring</em>"))
        #expect(plain.utf16.count >= 30 && plain.utf16.count <= 60, "\(plain)")
        #expect(text.stringValue!.contains(plain))
    }

    @Test("the words of a phrase are marked where it stands, and nowhere else")
    func phrases() throws {
        let text: JSONValue = "red net, blue net. The red herring net: a net of red."
        let phrase: JSONValue = ["match_phrase": ["t": "herring net"]]
        #expect(
            try snippets(text, phrase, ["number_of_fragments": 0])
                == ["red net, blue net. The red <em>herring</em> <em>net</em>: a net of red."])
        let sloppy: JSONValue = ["match_phrase": ["t": ["query": "red net", "slop": 1]]]
        #expect(
            try snippets(text, sloppy, ["number_of_fragments": 0]) == [
                "<em>red</em> <em>net</em>, blue <em>net</em>. The <em>red</em> herring "
                    + "<em>net</em>: a <em>net</em> of <em>red</em>."
            ])
        let prefix: JSONValue = ["match_phrase_prefix": ["t": "blue n"]]
        #expect(
            try snippets(text, prefix, ["number_of_fragments": 0])
                == ["red net, <em>blue</em> <em>net</em>. The red herring net: a net of red."])
    }

    @Test("patterns mark the words that fit them")
    func patterns() throws {
        let text: JSONValue = "Herring and herrings; hering"
        let whole: JSONObject = ["number_of_fragments": 0]
        let cases: [(JSONValue, String)] = [
            (["prefix": ["t": "herr"]], "<em>Herring</em> and <em>herrings</em>; hering"),
            (["wildcard": ["t": "her*ng"]], "<em>Herring</em> and herrings; <em>hering</em>"),
            (["regexp": ["t": "her+ings"]], "Herring and <em>herrings</em>; hering"),
            (
                ["fuzzy": ["t": ["value": "herring", "fuzziness": 1]]],
                "<em>Herring</em> and <em>herrings</em>; <em>hering</em>"
            ),
            (
                ["terms": ["t": ["and", "hering"]]],
                "Herring <em>and</em> herrings; <em>hering</em>"
            ),
            (
                ["range": ["t": ["gte": "herring", "lt": "herrings"]]],
                "<em>Herring</em> and herrings; hering"
            ),
        ]
        for (query, expected) in cases {
            #expect(try snippets(text, query, whole) == [expected], "\(query)")
        }
    }

    @Test("texts without spaces are cut by the dictionaries of their languages")
    func withoutSpaces() throws {
        let chinese: JSONValue = "今天天气很好。我们去海边看鲱鱼。明天再去山上。"
        #expect(
            try snippets(
                chinese, ["match_phrase": ["t": "鲱鱼"]], ["fragment_size": 10],
                mapping: ["type": "text", "analyzer": "cjk"])
                == ["我们去海边看<em>鲱鱼</em>。"])
        // Overlapping pairs share their tags.
        #expect(
            try snippets(
                chinese, ["match": ["t": "海边看"]], ["fragment_size": 10],
                mapping: ["type": "text", "analyzer": "cjk"])
                == ["我们去<em>海边看</em>鲱鱼。"])
        let thai: JSONValue = "ปลาเฮอริ่งว่ายน้ำอยู่ในทะเลเหนือที่หนาวเย็นมากในฤดูหนาว"
        let found = try snippets(
            thai, ["match": ["t": "ทะเลเหนือ"]],
            ["boundary_scanner": "word", "boundary_scanner_locale": "th"],
            mapping: ["type": "text", "analyzer": "thai"])
        #expect(found == ["<em>ทะเลเหนือ</em>"])
    }

    @Test("the best passages come, in the order of the text or by score")
    func order() throws {
        let text: JSONValue = "One net here. Nothing there. Herring in a net! Some net too."
        let query: JSONValue = ["match": ["t": "herring net"]]
        #expect(
            try snippets(text, query, ["fragment_size": 20, "number_of_fragments": 2]) == [
                "One <em>net</em> here.", "<em>Herring</em> in a <em>net</em>!",
            ])
        #expect(
            try snippets(
                text, query, ["fragment_size": 20, "number_of_fragments": 2, "order": "score"])
                == ["<em>Herring</em> in a <em>net</em>!", "One <em>net</em> here."])
    }

    @Test("values of a field are passages of their own")
    func values() throws {
        let text: JSONValue = ["first net", "nothing", "another net"]
        let query: JSONValue = ["match": ["t": "net"]]
        let expected = ["first <em>net</em>", "another <em>net</em>"]
        #expect(try snippets(text, query) == expected)
        #expect(try snippets(text, query, ["number_of_fragments": 0]) == expected)
        #expect(try snippets(text, query, ["type": "plain"]) == expected)
        #expect(try snippets(text, query, ["type": "plain", "number_of_fragments": 0]) == expected)
    }

    @Test("the plain highlighter cuts pieces of one size, by span never within a phrase")
    func plain() throws {
        let text: JSONValue = "aa bb cc dd ee herring net ff gg hh ii jj kk ll"
        let phrase: JSONValue = ["match_phrase": ["t": "herring net"]]
        #expect(
            try snippets(
                text, phrase, ["type": "plain", "fragment_size": 24, "fragmenter": "simple"])
                == ["aa bb cc dd ee <em>herring</em>", " <em>net</em> ff gg hh ii jj kk ll"])
        #expect(
            try snippets(
                text, phrase, ["type": "plain", "fragment_size": 24, "fragmenter": "span"])
                == ["aa bb cc dd ee <em>herring</em> <em>net</em>"])
    }

    @Test("without a match the beginning comes when it is asked for")
    func noMatch() throws {
        let text: JSONValue = "The first sentence. The second one."
        let query: JSONValue = ["match": ["t": "absent"]]
        #expect(try snippets(text, query).isEmpty)
        #expect(try snippets(text, query, ["no_match_size": 5]) == ["The first"])
        #expect(
            try snippets(text, query, ["no_match_size": 100, "number_of_fragments": 0])
                == ["The first sentence."])
        #expect(
            try snippets(text, query, ["no_match_size": 11, "type": "plain"]) == ["The first"])
    }

    @Test("html is escaped around the tags, not within them")
    func encoder() throws {
        let fixture = try SearchFixture(properties: ["t": ["type": "text"]])
        try fixture.put("1", ["t": "a <b> & \"net\" isn't </b>"])
        let answer = try fixture.search([
            "query": ["match": ["t": "net"]],
            "highlight": [
                "encoder": "html", "pre_tags": ["<i>"], "post_tags": ["</i>"],
                "fields": ["t": [:]],
            ],
        ])
        #expect(
            answer.hits[0].highlight["t"] == [
                "a &lt;b&gt; &amp; &quot;<i>net</i>&quot; isn&#x27;t &lt;&#x2F;b&gt;"
            ])
    }

    private static let words = ["red", "blue", "net", "herring", "sea", "Boot", "鱼", "😀net"]

    @Test("random texts: what is marked is what matches, and snippets are pieces of the text")
    func random() throws {
        var random = RandomContext.generator()
        func words(_ count: Int) -> [String] {
            (0..<count).map { _ in Self.words.randomElement(using: &random)! }
        }
        for _ in 0..<20 {
            let text = words(.random(in: 1...60, using: &random)).enumerated().map {
                $0.element + (Int.random(in: 0..<8, using: &random) == 0 ? "." : "")
            }.joined(separator: " ")
            let wanted = words(.random(in: 1...3, using: &random))
            let query: JSONValue = ["match": ["t": .string(wanted.joined(separator: " "))]]
            let whole = try snippets(.string(text), query, ["number_of_fragments": 0])
            let marked = Self.naive(text, wanted)
            #expect(whole == (marked == text ? [] : [marked]))
            let size = Int.random(in: 5...80, using: &random)
            for type in ["unified", "plain"] {
                let pieces = try snippets(
                    .string(text), query,
                    [
                        "fragment_size": JSONValue(size), "type": .string(type),
                        "number_of_fragments": 3,
                    ])
                #expect(pieces.isEmpty == whole.isEmpty)
                #expect(pieces.count <= 3)
                // Tags and all, each piece stands in the marked whole.
                for piece in pieces { #expect(marked.contains(piece), "\(type) \(size): \(piece)") }
            }
        }
    }

    /// Marks by splitting at spaces and comparing.
    private static func naive(_ text: String, _ wanted: [String]) -> String {
        let terms = Set(wanted.map { $0.lowercased().replacing("😀", with: "") })
        let emoji = wanted.contains { $0.hasPrefix("😀") }
        return text.split(separator: " ").map { word -> String in
            let hasDot = word.hasSuffix(".")
            var bare = String(hasDot ? word.dropLast() : word)
            var head = ""
            if bare.hasPrefix("😀") {
                head = emoji ? "<em>😀</em>" : "😀"
                bare.removeFirst()
            }
            let mark = terms.contains(bare.lowercased()) ? "<em>\(bare)</em>" : bare
            return head + mark + (hasDot ? "." : "")
        }.joined(separator: " ")
    }
}
