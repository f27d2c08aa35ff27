package import TrawlSchema

/// The fields of an index as its segments know them: a name and how values are kept. Fields are
/// only added, so a number that was given stays good.
package struct FieldTable: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package var name: String
        package var storage: FieldStorage

        package init(name: String, storage: FieldStorage) {
            self.name = name
            self.storage = storage
        }
    }

    package private(set) var entries: [Entry] = []

    package init(_ entries: [Entry] = []) { self.entries = entries }

    package subscript(field: FieldNumber) -> Entry { entries[Int(field.value)] }

    @discardableResult
    package mutating func append(_ name: String, _ storage: FieldStorage) -> FieldNumber {
        entries.append(Entry(name: name, storage: storage))
        return FieldNumber(entries.count - 1)
    }
}
