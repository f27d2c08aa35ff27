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

    /// The fields of a mapping, by their numbers.
    package init(_ mapping: Mapping) {
        self.init()
        extend(to: mapping)
    }

    /// Takes in what a mapping has beyond this one's fields. A field keeps its number for ever,
    /// so what is here already stays; how it is kept may change for documents to come.
    package mutating func extend(to mapping: Mapping) {
        for field in mapping.fields {
            let index = Int(field.number.value)
            let entry = Entry(name: field.path, storage: field.type.storage)
            if index < entries.count {
                precondition(entries[index].name == entry.name, "a field changed its number")
                entries[index] = entry
            } else {
                precondition(index == entries.count, "fields are numbered without gaps")
                entries.append(entry)
            }
        }
    }

    package subscript(field: FieldNumber) -> Entry { entries[Int(field.value)] }

    @discardableResult
    package mutating func append(_ name: String, _ storage: FieldStorage) -> FieldNumber {
        entries.append(Entry(name: name, storage: storage))
        return FieldNumber(entries.count - 1)
    }
}
