/// Changes, drops or adds tokens.
///
/// Bytes that are in the arena already are never overwritten, because tokens may share them: a
/// changed term is appended (`TokenBuffer.replaceTerm`).
package protocol TokenFilter: Sendable {
    func apply(to buffer: inout TokenBuffer)

    /// Whether the filter works on single terms of queries (prefixes, wildcards) and in
    /// normalizers: it changes characters and nothing else.
    var normalizes: Bool { get }

    /// Whether it gives the same result after ASCII letters were lower-cased as before.
    var ignoresASCIICase: Bool { get }
}

extension TokenFilter {
    package var normalizes: Bool { false }
    package var ignoresASCIICase: Bool { false }
}
