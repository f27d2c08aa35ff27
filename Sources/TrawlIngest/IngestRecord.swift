/// What a reader finds: a document, or something that should have been one.
package enum IngestRecord: Sendable, Equatable {
    case document(IngestDocument)
    case reject(IngestReject)
}

/// A document as it came from a file, not yet seen by any mapping.
package struct IngestDocument: Sendable, Equatable {
    /// Nil when the file gave none: then its place in the file makes one.
    package var id: String?
    /// A JSON object.
    package var source: [UInt8]
    /// The line where it began, from 1.
    package var line: Int

    package init(id: String?, source: [UInt8], line: Int) {
        self.id = id
        self.source = source
        self.line = line
    }
}

/// Something that could not be a document. The run goes on without it.
package struct IngestReject: Sendable, Equatable {
    package var line: Int
    package var reason: String
    /// What stood there, cut at 64 KB.
    package var text: [UInt8]

    package init(line: Int, reason: String, text: [UInt8]) {
        self.line = line
        self.reason = reason
        self.text = Array(text.prefix(1 << 16))
    }
}

/// Reads one file of documents from its start to its end.
package protocol RecordReader {
    /// The next record; nil at the end.
    mutating func next() throws(IngestError) -> IngestRecord?
}
