/// The keys of the objects that are open, to find the one that comes twice.
///
/// Most objects are small: their keys are compared by hash one after the other. An object that
/// grows beyond `linearLimit` gets a set, so that a million keys cost a million steps.
@usableFromInline
package struct JSONKeySet {
    struct Entry {
        var hash: UInt64
        /// Where the key's bytes begin in `bytes`.
        var start: Int
    }

    static let linearLimit = 32

    private var entries: [Entry] = []
    private var bytes: [UInt8] = []
    /// By the start of the object's keys.
    private var large: [Int: Set<[UInt8]>] = [:]

    @usableFromInline package init() {}

    @usableFromInline package var count: Int { entries.count }

    @usableFromInline
    package mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        large.removeAll()
    }

    /// Forgets the keys of an object that is closed.
    @usableFromInline
    package mutating func removeAll(from start: Int) {
        guard start < entries.count else { return }
        bytes.removeLast(bytes.count - entries[start].start)
        entries.removeLast(entries.count - start)
        if !large.isEmpty { large[start] = nil }
    }

    @usableFromInline
    package mutating func insert(
        _ key: UnsafeBufferPointer<UInt8>, since start: Int,
        _ input: UnsafeBufferPointer<UInt8>, at place: Int
    ) throws(JSONError) {
        let hash = unsafe Self.hash(key)
        let isNew =
            if entries.count - start < Self.linearLimit {
                unsafe !contains(key, hash: hash, since: start)
            } else {
                unsafe insertLarge(key, since: start)
            }
        guard isNew else {
            let name = unsafe String(decoding: key, as: UTF8.self)
            throw unsafe JSONError(.duplicateKey(name), at: place, in: input)
        }
        entries.append(Entry(hash: hash, start: bytes.count))
        unsafe bytes.append(contentsOf: key)
    }

    private func contains(
        _ key: UnsafeBufferPointer<UInt8>, hash: UInt64, since start: Int
    ) -> Bool {
        for i in start..<entries.count where entries[i].hash == hash {
            if unsafe bytes[range(of: i)].elementsEqual(key) { return true }
        }
        return false
    }

    private func range(of entry: Int) -> Range<Int> {
        let end = entry + 1 < entries.count ? entries[entry + 1].start : bytes.count
        return entries[entry].start..<end
    }

    @inline(never)
    private mutating func insertLarge(
        _ key: UnsafeBufferPointer<UInt8>, since start: Int
    ) -> Bool {
        if large[start] == nil {
            large[start] = Set((start..<entries.count).map { Array(bytes[range(of: $0)]) })
        }
        return unsafe large[start]!.insert(Array(key)).inserted
    }

    /// Enough to tell the keys of a small object apart; equal hashes are compared by bytes.
    private static func hash(_ key: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let factor: UInt64 = 0x9e37_79b9_7f4a_7c15
        let raw = UnsafeRawBufferPointer(key)
        var hash = UInt64(raw.count) &* factor
        var i = 0
        while i + 8 <= raw.count {
            hash = (hash ^ (unsafe raw.loadUnaligned(fromByteOffset: i, as: UInt64.self))) &* factor
            hash ^= hash &>> 29
            i += 8
        }
        while i < raw.count {
            hash = (hash ^ UInt64(unsafe raw[i])) &* factor
            i += 1
        }
        return hash ^ hash &>> 32
    }
}
