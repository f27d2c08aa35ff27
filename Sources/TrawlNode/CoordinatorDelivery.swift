internal import TrawlCoordinator
internal import TrawlDocument
internal import TrawlErrors
internal import TrawlLog

/// The indices of this node, or of its cluster, as what is delivered from topics needs them.
struct CoordinatorDelivery: DeliveryTarget {
    let coordinator: Coordinator
    /// The dead letters of the shards whose files are here.
    let books: @Sendable () -> [ShardLetters]

    func letterBooks() -> [ShardLetters] { books() }

    var now: Int64 { coordinator.now }

    func deliver(_ changes: [Change], to index: String) -> [DeliveryResult] {
        coordinator.write(changes.map { request($0, index) }).map { answer in
            switch answer.result {
            case .success(let write): Self.result(write)
            case .failure(let error): Self.result(error)
            }
        }
    }

    private func request(_ change: Change, _ index: String) -> WriteRequest {
        let kind: WriteRequest.Kind
        var source: [UInt8] = []
        switch change.operation {
        case .index(let document):
            kind = .index
            source = document
        case .create(let document):
            kind = .create
            source = document
        case .update(let update):
            kind = .update
            source = update.body
        case .delete: kind = .delete
        }
        var request = WriteRequest(
            kind: kind, index: index, id: change.id.string, source: source)
        request.routing = change.routing
        request.condition = change.condition
        request.requestID = change.requestID
        request.origin = change.origin
        // A letter went through its index's pipeline when it came.
        request.pipeline = "_none"
        return request
    }

    private static func result(_ write: ShardWrite) -> DeliveryResult {
        switch write.outcome {
        case .created: .done(result: "created", offset: write.offset)
        case .updated: .done(result: "updated", offset: write.offset)
        case .deleted: .done(result: "deleted", offset: write.offset)
        case .notFound: .done(result: "not_found", offset: write.offset)
        case .noop: .done(result: "noop", offset: write.offset)
        case .conflict(let reason): .conflict(reason: reason)
        case .failed(let type, let reason):
            // The shard keeps what it could not apply; not an update of what is not there.
            write.offset >= 0 && type != "document_missing_exception"
                ? .failedLater(reason: "\(type): \(reason)", offset: write.offset)
                : .refused(type: type, reason: reason)
        }
    }

    private static func result(_ error: any Error) -> DeliveryResult {
        guard let known = error as? any TrawlError else { return .postponed(reason: "\(error)") }
        switch known.kind {
        case .invalidRequest, .conflict:
            return .refused(type: known.code, reason: known.description)
        case .notFound:
            // Deleting in an index that is not there.
            return .refused(type: known.code, reason: known.description)
        case .overloaded, .unavailable, .timedOut, .corrupted, .internalFault:
            return .postponed(reason: known.description)
        }
    }
}
