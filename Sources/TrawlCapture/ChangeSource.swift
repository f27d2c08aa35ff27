package import TrawlDocument

/// What became of one row, as the document that it is.
package struct CapturedChange: Sendable, Equatable {
    package var id: String
    /// Nil: there is no such row any more.
    package var source: [UInt8]?
    /// In the store's stream; nil when it is the state of a row rather than a change.
    package var place: ChangeOrigin.Place?
    /// Which of the store's streams the place is in, where it has several.
    package var stream = 0

    package init(
        id: String, source: [UInt8]?, place: ChangeOrigin.Place? = nil, stream: Int = 0
    ) {
        self.stream = stream
        self.id = id
        self.source = source
        self.place = place
    }
}

/// A stretch of a store's changes.
package struct SourceBatch: Sendable {
    package var changes: [CapturedChange] = []
    /// All that a table held is gone (`TRUNCATE`); the changes come after it.
    package var emptiesAll = false
    /// After it.
    package var position: String
    /// Whether the point that was asked for is reached: the next change is after it.
    package var isAtPoint = false
    /// Whether more is waiting.
    package var hasMore = false
    /// When its newest change was made, milliseconds since 1970.
    package var madeAt: Double?
    /// Everything that was in the store by then is in this batch or was before it.
    package var asOf: Double?
    /// Changes of rows, counted before those of the same key were put together.
    package var eventCount = 0
    /// Rows that cannot be documents, and why.
    package var refused: [(id: String, reason: String)] = []

    package init(position: String) { self.position = position }
}

/// How far behind the following is.
package struct SourceLag: Sendable, Equatable {
    package var events: Int?
    package var byteCount: Int?

    package init(events: Int? = nil, byteCount: Int? = nil) {
        self.events = events
        self.byteCount = byteCount
    }
}

/// A column as a field of the index.
package struct SourceField: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case text, long, double, boolean, date, binary, json, keyword
    }

    package var name: String
    package var kind: Kind

    package init(_ name: String, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }
}

/// Follows one table of one store. Called from one thread; `open` comes first, and again after
/// every failure.
package protocol ChangeSource: AnyObject {
    /// Makes in the store what following needs: an outbox, a publication, a slot. Does nothing
    /// when it is there.
    ///
    /// - Returns: The position from which on every change will be seen.
    func install() throws -> String
    /// Takes away what `install` made.
    func uninstall() throws

    /// Connects, and checks that the store is the one that was followed.
    func open(at position: String, columns: String) throws
    func close()

    /// The columns in the source's own words, to be compared with what they were.
    var columns: String { get }
    var fields: [SourceField] { get }
    /// Whether the stream begins with the first row, so that there is nothing to copy.
    var beginsEmpty: Bool { get }

    /// The next changes; empty when there are none for as long as the timeout.
    ///
    /// - Parameter point: Changes after it are left for later.
    func next(
        limit: Int, timeout: Duration, until point: (any StorePoint)?,
        old: (String) throws -> [UInt8]?
    ) throws -> SourceBatch

    /// A moment of the store whose rows can be read, and which the stream comes by.
    ///
    /// - Parameter isInterrupted: Asked while the store takes its time.
    func makePoint(isInterrupted: () -> Bool) throws -> any StorePoint

    /// Everything up to the position is durable here: the store may forget it.
    func acknowledge(_ position: String) throws

    func lag() throws -> SourceLag
}

extension ChangeSource {
    var beginsEmpty: Bool { false }
}

/// One moment of a store: its rows as they were. Used by one thread at a time.
package protocol StorePoint: AnyObject, Sendable {
    /// For people, and for the history of proofs.
    var position: String { get }

    /// Rows in the order of their keys, after a key.
    ///
    /// - Returns: The rows as documents, and the key of the last; nil at the end.
    func rows(after frontier: String?, limit: Int) throws -> (
        rows: [CapturedChange], frontier: String?, refused: [(id: String, reason: String)]
    )

    /// The rows of some documents; of those that have none, that they are gone.
    func rows(of ids: [String]) throws -> [CapturedChange]

    func close()
}
