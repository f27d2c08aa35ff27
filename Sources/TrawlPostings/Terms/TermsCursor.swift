internal import CKernels
package import TrawlBytes

/// The terms of a field in ascending order of their bytes. Before the first until `advance`.
package struct TermsCursor {
    private let field: FieldPostings
    private var block = -1
    private var count = 0
    private var index = 0
    private var entries: [trawl_term_entry]
    private var ends: [UInt32]
    private var bytes: [UInt8]

    package init(_ field: FieldPostings) {
        self.field = field
        entries = Array(repeating: trawl_term_entry(), count: TermsFormat.blockLength)
        ends = Array(repeating: 0, count: TermsFormat.blockLength)
        bytes = Array(repeating: 0, count: 4096)
    }

    /// The current term. Call only after `advance` or `seek` returned true.
    package var term: ArraySlice<UInt8> { bytes[start(of: index)..<Int(ends[index])] }
    package var entry: TermEntry { TermEntry(raw: entries[index]) }

    private func start(of index: Int) -> Int { index == 0 ? 0 : Int(ends[index - 1]) }

    /// Moves to the next term; false at the end.
    package mutating func advance() throws(CorruptionError) -> Bool {
        if index + 1 < count {
            index += 1
            return true
        }
        guard block + 1 < field.blockCount else {
            block = field.blockCount
            count = 0
            return false
        }
        try load(block + 1)
        return true
    }

    private mutating func load(_ next: Int) throws(CorruptionError) {
        count = try field.decode(next, entries: &entries, ends: &ends, bytes: &bytes)
        block = next
        index = 0
    }

    /// Moves to the first term that is not below `target`, forward or backward; false when all
    /// are below.
    package mutating func seek(to target: [UInt8]) throws(CorruptionError) -> Bool {
        let found = try unsafe target.withUnsafeBufferPointer { bytes throws(CorruptionError) in
            try unsafe field.block(of: bytes)
        }
        guard field.blockCount > 0 else { return false }
        if block != found ?? 0 || count == 0 { try load(found ?? 0) }
        index = 0
        while true {
            if !term.lexicographicallyPrecedes(target) { return true }
            if try !advance() { return false }
        }
    }
}

/// Tells which terms are wanted, byte by byte, so that a walk over the dictionary can leave out
/// whole branches.
package protocol TermAutomaton {
    associatedtype State
    var start: State { get }
    /// The state after one more byte; nil when nothing that begins so is wanted.
    func step(_ state: State, _ byte: UInt8) -> State?
    /// Whether a term that ends here is wanted.
    func accepts(_ state: State) -> Bool
}

extension FieldPostings {
    /// Calls back with every term that begins with `prefix`, in order, until `body` returns false.
    package func forEachTerm(
        withPrefix prefix: [UInt8] = [],
        _ body: (ArraySlice<UInt8>, TermEntry) throws -> Bool
    ) throws {
        var cursor = TermsCursor(self)
        guard try prefix.isEmpty ? cursor.advance() : cursor.seek(to: prefix) else { return }
        repeat {
            guard cursor.term.starts(with: prefix), try body(cursor.term, cursor.entry) else {
                return
            }
        } while try cursor.advance()
    }

    /// Calls back with every term that begins with `prefix` and whose rest the automaton accepts,
    /// in order, until `body` returns false. Where the automaton rules a branch out, the walk
    /// goes on behind it.
    ///
    /// - Parameter watching: Called at every step, whether a term is accepted or not; may throw.
    package func forEachTerm<A: TermAutomaton>(
        withPrefix prefix: [UInt8] = [], matching automaton: A,
        watching: () throws -> Void = {},
        _ body: (ArraySlice<UInt8>, TermEntry, A.State) throws -> Bool
    ) throws {
        var cursor = TermsCursor(self)
        guard try prefix.isEmpty ? cursor.advance() : cursor.seek(to: prefix) else { return }
        // `states[i]` is the state after `i` bytes of `walked`.
        var states = [automaton.start]
        var walked: [UInt8] = []
        while true {
            try watching()
            let term = cursor.term
            guard term.starts(with: prefix) else { return }
            let rest = term.dropFirst(prefix.count)
            var shared = 0
            for (a, b) in zip(rest, walked) {
                if a != b { break }
                shared += 1
            }
            walked.removeLast(walked.count - shared)
            states.removeLast(states.count - shared - 1)
            var dead = false
            for byte in rest.dropFirst(shared) {
                walked.append(byte)
                guard let next = automaton.step(states[states.count - 1], byte) else {
                    dead = true
                    break
                }
                states.append(next)
            }
            if dead {
                // Everything that begins with what was walked is out: go to what comes after.
                guard let after = successor(prefix + walked) else { return }
                walked.removeLast()
                guard try cursor.seek(to: after) else { return }
                continue
            }
            let last = states[states.count - 1]
            if automaton.accepts(last), try !body(term, cursor.entry, last) { return }
            guard try cursor.advance() else { return }
        }
    }

    /// The least byte string above everything that begins with `prefix`; nil when there is none.
    private func successor(_ prefix: [UInt8]) -> [UInt8]? {
        var bytes = prefix
        while let last = bytes.last {
            if last < 0xff {
                bytes[bytes.count - 1] = last + 1
                return bytes
            }
            bytes.removeLast()
        }
        return nil
    }
}
