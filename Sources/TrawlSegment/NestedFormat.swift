package import TrawlBytes
internal import TrawlPostings

/// Objects of nested fields, as documents of their own.
///
/// They stand in a segment beside that of their roots, with the same kinds of files and numbers
/// of their own: so nothing that runs over root documents has to know of them, and an index
/// without nested fields pays nothing. What of Lucene's one space of numbers matters is the same:
/// the objects of a document follow each other, in the order of documents, through flush, merge
/// and deletes.
///
///     00000012.*    roots           0     1     2     3     4
///     countField                    2     -     3     -     1
///     n00000012.*   nested         0 1        2 3 4         5
///     pathField                    a a        a a.b a       a
///     parentField                  0 0        0  1  0       0
///     offsetField                  0 1        0  0  1       0
///
/// - `countField` is a column of the roots: how many objects a document has, all levels together;
///   documents without have no value. Their places follow by adding up.
/// - `parentField` is how far back the object around an object is; 0 when that is the root.
/// - `offsetField` is which of the objects of that path in the object around it.
/// - `pathField` is a term and a value.
///
/// All four are kept by ordinary columns and lists, so that merging is what it is elsewhere.
package enum NestedFormat {
    package static let pathField = "_nested_path"
    package static let parentField = "_nested_path.parent"
    package static let offsetField = "_nested_path.offset"
    package static let countField = "_nested_path.count"
}

/// Which nested documents belong to which documents of a segment.
package final class NestedBlocks: Sendable {
    /// Documents that have nested ones, ascending.
    private let roots: [UInt32]
    /// The first nested document of each, and the end.
    private let starts: [UInt32]

    init(_ counts: NumberColumn?, docCount: Int) {
        var roots: [UInt32] = []
        var starts: [UInt32] = []
        var end = 0
        counts?.forEach { doc, range in
            roots.append(UInt32(doc))
            starts.append(UInt32(end))
            // A damaged count must not lead out of the segment; the checker finds it.
            let count = range.isEmpty ? 0 : counts?.numbers.int(at: range.lowerBound) ?? 0
            end += max(0, min(count, docCount - end))
        }
        starts.append(UInt32(end))
        self.roots = roots
        self.starts = starts
    }

    package var docCount: Int { Int(starts[roots.count]) }
    package var rootCount: Int { roots.count }

    package func root(at place: Int) -> Int { Int(roots[place]) }

    package func range(at place: Int) -> Range<Int> {
        Int(starts[place])..<Int(starts[place + 1])
    }

    /// The nested documents of a document; empty without.
    package func range(of root: Int) -> Range<Int> {
        var low = 0
        var high = roots.count
        while low < high {
            let middle = (low + high) / 2
            if Int(roots[middle]) < root { low = middle + 1 } else { high = middle }
        }
        return low < roots.count && Int(roots[low]) == root ? range(at: low) : 0..<0
    }

    /// Where the root of a nested document is; with `root(at:)` and `range(at:)`.
    package func place(of nested: Int) -> Int {
        var low = 0
        var high = roots.count
        while low < high {
            let middle = (low + high) / 2
            if Int(starts[middle + 1]) <= nested { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// How nested documents lie in each other.
package struct NestedTree: Sendable {
    private let paths: BytesColumn?
    private let parents: NumberColumn?
    private let offsets: NumberColumn?

    package init(_ reader: SegmentReader) {
        paths = reader.field(NestedFormat.pathField)?.bytes
        parents = reader.field(NestedFormat.parentField)?.numbers
        offsets = reader.field(NestedFormat.offsetField)?.numbers
    }

    /// The nested document around one; nil when that is the root.
    package func parent(of doc: Int) -> Int? {
        guard let distance = parents?.first(of: doc), distance > 0 else { return nil }
        return max(0, doc - Int(distance))
    }

    /// Which of the objects of its path in the object around it.
    package func offset(of doc: Int) -> Int { offsets?.first(of: doc).map { Int($0) } ?? 0 }

    package func pathBytes(of doc: Int) -> [UInt8]? {
        paths.flatMap { paths in paths.firstOrdinal(of: doc).map { paths.bytes(at: $0) } }
    }

    package func path(of doc: Int) -> String {
        pathBytes(of: doc).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// The number of a path in this segment, to compare documents' paths by.
    package func ordinal(ofPath path: String) -> Int? {
        guard let paths else { return nil }
        let wanted = Array(path.utf8)
        return (0..<paths.dictionary.count).first { paths.bytes(at: $0) == wanted }
    }

    package func pathOrdinal(of doc: Int) -> Int? { paths?.firstOrdinal(of: doc) }

    /// The nearest object of a path around a document, or the document itself.
    package func ancestor(of doc: Int, pathOrdinal: Int) -> Int? {
        var current: Int? = doc
        while let place = current, self.pathOrdinal(of: place) != pathOrdinal {
            current = parent(of: place)
        }
        return current
    }

    /// All documents of a path; nil when there is none.
    package static func documents(
        ofPath path: String, in reader: SegmentReader
    ) throws(CorruptionError) -> FixedBitSet? {
        guard let postings = reader.field(NestedFormat.pathField)?.postings,
            let entry = try postings.find(Array(path.utf8))
        else { return nil }
        var bits = FixedBitSet(bitCount: reader.docCount)
        let list = try postings.open(entry)
        let walked: Result<Void, any Error> = Result {
            try unsafe list.forEachBlock { docs, _ in
                for index in docs.indices { unsafe bits.insert(Int(docs[index])) }
            }
        }
        if case .failure(let error) = walked {
            throw error as? CorruptionError
                ?? CorruptionError(
                    file: reader.id.description, byteOffset: 0, reason: "\(error)")
        }
        return bits
    }
}
