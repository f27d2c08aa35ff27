/// Members in the order they were written. A key comes once.
///
/// Two objects are equal when they have equal members, in whatever order.
public struct JSONObject: Sendable {
    public typealias Member = (key: String, value: JSONValue)

    /// From how many members on a look-up goes through a dictionary.
    private static let indexedFrom = 16

    public private(set) var members: [Member] = []
    /// Key to place in `members`; empty while there are few.
    private var places: [String: Int] = [:]

    public init() {}

    /// Of keys that come twice, the last value counts, at the place of the first.
    public init(_ members: some Sequence<Member>) {
        for (key, value) in members { self[key] = value }
    }

    /// - Precondition: no key comes twice.
    init(unique members: [Member]) {
        self.members = members
        if members.count >= Self.indexedFrom { rebuildPlaces() }
    }

    public var count: Int { members.count }
    public var isEmpty: Bool { members.isEmpty }
    public var keys: [String] { members.map(\.key) }
    public var values: [JSONValue] { members.map(\.value) }

    private func place(of key: String) -> Int? {
        if members.count >= Self.indexedFrom { return places[key] }
        return members.firstIndex { $0.key == key }
    }

    private mutating func rebuildPlaces() {
        places.removeAll()
        guard members.count >= Self.indexedFrom else { return }
        places.reserveCapacity(members.count)
        for (i, member) in members.enumerated() { places[member.key] = i }
    }

    /// Setting a key that is there keeps its place; setting nil removes it.
    public subscript(key: String) -> JSONValue? {
        get { place(of: key).map { members[$0].value } }
        set {
            if let place = place(of: key) {
                if let newValue {
                    members[place].value = newValue
                } else {
                    members.remove(at: place)
                    rebuildPlaces()
                }
            } else if let newValue {
                members.append((key, newValue))
                if members.count == Self.indexedFrom {
                    rebuildPlaces()
                } else if members.count > Self.indexedFrom {
                    places[key] = members.count - 1
                }
            }
        }
    }

    public func contains(_ key: String) -> Bool { place(of: key) != nil }

    @discardableResult
    public mutating func removeValue(forKey key: String) -> JSONValue? {
        let value = self[key]
        self[key] = nil
        return value
    }
}

extension JSONObject: Sequence {
    public func makeIterator() -> IndexingIterator<[Member]> { members.makeIterator() }
    public var underestimatedCount: Int { members.count }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (key, value) in elements { self[key] = value }
    }
}

extension JSONObject: Hashable {
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.allSatisfy { right[$0.key] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for (key, value) in members {
            var own = Hasher()
            own.combine(key)
            own.combine(value)
            sum &+= own.finalize()
        }
        hasher.combine(sum)
    }
}
