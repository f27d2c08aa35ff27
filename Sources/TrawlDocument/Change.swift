/// One change of one document, as it travels through the log. The only way to change an index.
///
/// A change carries everything that decides its outcome: applying it is a pure step from the
/// state before to the state after, so every copy that applies the same changes in the same
/// order holds the same documents.
public struct Change: Sendable, Hashable, Codable {
    public enum Operation: Sendable, Hashable, Codable {
        /// Put the source in place of whatever has the id.
        case index(source: [UInt8])
        /// Put the source unless a document has the id already.
        case create(source: [UInt8])
        case delete
        /// Resolved against the document when it is applied.
        case update(Update)
    }

    /// A partial update, in the words of the API.
    public struct Update: Sendable, Hashable, Codable {
        /// The body of the update request as JSON: `doc`, `script`, `upsert`, `doc_as_upsert`,
        /// `scripted_upsert`, `detect_noop`.
        public var body: [UInt8]

        public init(body: [UInt8]) { self.body = body }
    }

    /// What must hold of the document for the change to be applied.
    public enum Condition: Sendable, Hashable, Codable {
        case none
        case sequence(offset: Int64, epoch: Int64)
        /// Internal versioning: the document must have just this version.
        case version(Int64)
        /// The version comes from outside and has to be greater than the one that is there.
        case external(version: Int64)
        /// The same, or equal to it.
        case externalOrEqual(version: Int64)
    }

    public var id: DocumentID
    public var operation: Operation
    public var routing: String?
    public var condition: Condition
    /// Makes a retry harmless: a change with an id that was applied before is not applied again.
    public var requestID: String?
    /// 64-bit ingestion stamp, given by the coordinator in the order received: breaks ties of
    /// score across shards.
    public var stamp: UInt64
    /// The version of the mapping the change was validated with.
    public var schemaVersion: Int64
    /// Where the change came from, when it came from a primary store: a ``ChangeOrigin``.
    public var origin: String?

    public init(
        id: DocumentID, operation: Operation, routing: String? = nil,
        condition: Condition = .none, requestID: String? = nil, stamp: UInt64 = 0,
        schemaVersion: Int64 = 0, origin: String? = nil
    ) {
        self.id = id
        self.operation = operation
        self.routing = routing
        self.condition = condition
        self.requestID = requestID
        self.stamp = stamp
        self.schemaVersion = schemaVersion
        self.origin = origin
    }
}

/// What applying a change came to.
public enum ChangeOutcome: Sendable, Equatable, Codable {
    case created(version: Int64)
    case updated(version: Int64)
    case deleted(version: Int64)
    /// Deleting what is not there. It still counts a version, as clients expect.
    case notFound(version: Int64)
    case noop(version: Int64, offset: Int64)
    /// The condition did not hold. Nothing changed.
    case conflict(reason: String)
    /// The change can never be applied: it went to the dead letters.
    case failed(type: String, reason: String)
}
