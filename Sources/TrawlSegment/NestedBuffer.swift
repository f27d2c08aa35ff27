internal import TrawlSchema

/// Nested documents of a segment that grows in memory. See `NestedFormat`.
final class NestedBuffer {
    let docs = SegmentBuffer()
    /// Goes with the roots.
    let counts = FieldBuffer(
        name: NestedFormat.countField, storage: FieldStorage(column: .number))
    private let paths = FieldBuffer(
        name: NestedFormat.pathField, storage: FieldStorage(postings: .documents, column: .bytes))
    private let parents = FieldBuffer(
        name: NestedFormat.parentField, storage: FieldStorage(column: .number))
    private let offsets = FieldBuffer(
        name: NestedFormat.offsetField, storage: FieldStorage(column: .number))
    private var roots: [UInt32] = []
    private var starts: [UInt32] = []

    var memoryByteCount: Int {
        docs.memoryByteCount + counts.memoryByteCount + paths.memoryByteCount
            + parents.memoryByteCount + offsets.memoryByteCount + roots.capacity * 8
    }

    /// The objects of one document, an object before those inside it.
    func add(_ nested: [ParsedDocument.Nested], of root: UInt32, _ table: FieldTable) {
        struct Place: Hashable {
            var path: String
            var parent: Int
        }
        let first = docs.docCount
        roots.append(root)
        starts.append(UInt32(first))
        counts.numbers.append(doc: root, Int64(nested.count))
        var seen: [Place: Int64] = [:]
        for (index, object) in nested.enumerated() {
            let doc = UInt32(first + index)
            add(path: object.path, of: doc)
            parents.numbers.append(doc: doc, Int64(object.parent.map { index - $0 } ?? 0))
            let place = Place(path: object.path, parent: object.parent ?? -1)
            offsets.numbers.append(doc: doc, seen[place, default: 0])
            seen[place, default: 0] += 1
            docs.addFields(of: object.document, [paths, parents, offsets], table)
        }
    }

    private func add(path: String, of doc: UInt32) {
        let bytes = Array(path.utf8)
        let occurrence = ParsedDocument.Occurrence(
            termStart: 0, termByteCount: Int32(bytes.count), position: 0, startByteOffset: 0,
            endByteOffset: Int32(bytes.count))
        unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe [occurrence].withUnsafeBufferPointer { occurrences in
                unsafe paths.add(
                    doc, .init(field: FieldNumber(0), occurrences: 0..<1, length: 1), occurrences,
                    bytes: UnsafeRawBufferPointer(bytes))
            }
            unsafe paths.bytes.append(doc: doc, bytes)
        }
    }

    /// The objects of a document die with it.
    func delete(of root: UInt32) {
        var low = 0
        var high = roots.count
        while low < high {
            let middle = (low + high) / 2
            if roots[middle] < root { low = middle + 1 } else { high = middle }
        }
        guard low < roots.count, roots[low] == root else { return }
        let end = low + 1 < starts.count ? Int(starts[low + 1]) : docs.docCount
        for doc in Int(starts[low])..<end { docs.delete(doc) }
    }
}
