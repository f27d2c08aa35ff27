/// A document as the index takes it: terms, positions and values by field, nothing of JSON left
/// but the source. Made by `DocumentParser`, eaten by `SegmentBuffer`; flat, so that one can be
/// filled again and again.
package struct ParsedDocument: Sendable {
    /// One occurrence of a term.
    package struct Occurrence: Sendable, Equatable {
        /// Where the term's bytes lie in `bytes`.
        package var termStart: Int32
        package var termByteCount: Int32
        /// Which position of the field, over all values of a multi-valued field.
        package var position: Int32
        /// In UTF-8 bytes of the field's values laid end to end (one apart).
        package var startByteOffset: Int32
        package var endByteOffset: Int32

        package init(
            termStart: Int32, termByteCount: Int32, position: Int32, startByteOffset: Int32,
            endByteOffset: Int32
        ) {
            self.termStart = termStart
            self.termByteCount = termByteCount
            self.position = position
            self.startByteOffset = startByteOffset
            self.endByteOffset = endByteOffset
        }
    }

    /// All terms of one field, in order of position. Each field stands here at most once.
    package struct Terms: Sendable, Equatable {
        package var field: FieldNumber
        package var occurrences: Range<Int>
        /// The field's length for BM25: tokens that do not stack on another, as Lucene counts
        /// with `discountOverlaps`.
        package var length: Int32

        package init(field: FieldNumber, occurrences: Range<Int>, length: Int32) {
            self.field = field
            self.occurrences = occurrences
            self.length = length
        }
    }

    package struct Number: Sendable, Equatable {
        package var field: FieldNumber
        package var value: Int64

        package init(field: FieldNumber, value: Int64) {
            self.field = field
            self.value = value
        }
    }

    /// A value of a bytes column.
    package struct Value: Sendable, Equatable {
        package var field: FieldNumber
        package var start: Int32
        package var byteCount: Int32

        package init(field: FieldNumber, start: Int32, byteCount: Int32) {
            self.field = field
            self.start = start
            self.byteCount = byteCount
        }
    }

    /// An object of a `nested` field: a document of its own, which belongs to this one and is
    /// found only through it.
    package struct Nested: Sendable {
        /// The path of the nested field.
        package var path: String
        /// The place in `nested` of the object around it, or nil when that is the root.
        package var parent: Int?
        package var document: ParsedDocument

        package init(path: String, parent: Int?, document: ParsedDocument) {
            self.path = path
            self.parent = parent
            self.document = document
        }
    }

    package var id: String = ""
    package var routing: String?
    /// What is stored and given back: the JSON text as it came, or what the mapping's includes
    /// and excludes leave of it. Empty when `_source` is disabled.
    package var source: [UInt8] = []
    package var terms: [Terms] = []
    package var occurrences: [Occurrence] = []
    package var numbers: [Number] = []
    package var values: [Value] = []
    /// Bytes of all terms and values.
    package var bytes: [UInt8] = []
    /// Objects of nested fields, an object before those inside it. They have terms, numbers and
    /// values, but neither id nor source.
    package var nested: [Nested] = []

    package init() {}

    package mutating func removeAll() {
        id = ""
        routing = nil
        source.removeAll(keepingCapacity: true)
        terms.removeAll(keepingCapacity: true)
        occurrences.removeAll(keepingCapacity: true)
        numbers.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        nested.removeAll(keepingCapacity: true)
    }
}
