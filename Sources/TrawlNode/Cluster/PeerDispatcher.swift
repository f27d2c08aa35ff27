internal import Synchronization
internal import TrawlAPI
internal import TrawlCoordinator
internal import TrawlErrors
internal import TrawlHTTP
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlTransport

/// Gives each call of another node to the threads that may wait for what it needs.
final class PeerDispatcher: Sendable {
    /// Work that must not wait behind other work.
    enum Lane: Int, CaseIterable, Sendable {
        case metadata, replication, writes, searches, files
    }

    private typealias Handler = @Sendable (PeerCall) -> Void

    private let handlers = Mutex<[String: Handler]>([:])
    private let pools: [WorkerPool]

    init(processorCount: Int) {
        let threads: [Lane: Int] = [
            .metadata: 4, .replication: 4, .writes: 16, .searches: max(2, processorCount),
            .files: 2,
        ]
        pools = Lane.allCases.map {
            WorkerPool(
                name: "peer-\($0)", threadCount: threads[$0] ?? 1, queueLimit: 2000)
        }
    }

    /// Runs work on a lane's threads; false when its queue is full.
    @discardableResult
    func run(_ lane: Lane, _ work: @escaping @Sendable () -> Void) -> Bool {
        pools[lane.rawValue].submit(work)
    }

    /// Answers questions of a kind.
    func on<Q: PeerQuestion>(
        _ type: Q.Type, _ lane: Lane,
        _ answer: @escaping @Sendable (Q, PeerCall) throws -> Q.Answer
    ) {
        onCall(Q.method, lane) { call in
            call.answer(
                PeerErrors.catching {
                    try Wire.encode(
                        try answer(try Wire.decode(Q.self, from: call.arguments), call))
                })
        }
    }

    /// Takes calls that are answered later.
    func onCall(_ method: String, _ lane: Lane, _ body: @escaping @Sendable (PeerCall) -> Void) {
        let pool = pools[lane.rawValue]
        let handler: Handler = { call in
            let isTaken = pool.submit { if !call.isAbandoned { body(call) } }
            if !isTaken {
                call.answer(
                    .failure(
                        PeerFailure(
                            kind: .overloaded, code: "es_rejected_execution_exception",
                            reason: "the queue for \(method) is full")))
            }
        }
        handlers.withLock { $0[method] = handler }
    }

    func handle(_ call: PeerCall) {
        guard let handler = handlers.withLock({ $0[call.method] }) else {
            call.answer(
                .failure(
                    PeerFailure(
                        kind: .invalidRequest, code: "unknown_method",
                        reason: "this node does not know [\(call.method)]")))
            return
        }
        handler(call)
    }

    func stop() { for pool in pools { pool.stop() } }
}

/// Failures on their way from node to node: what clients are told must not depend on where a shard
/// is.
enum PeerErrors {
    private static let coordinatorCode = "coordinator_error"

    static func catching(_ body: () throws -> [UInt8]) -> Result<[UInt8], PeerFailure> {
        do { return .success(try body()) } catch { return .failure(failure(of: error)) }
    }

    static func failure(of error: any Error) -> PeerFailure {
        switch error {
        case let failure as PeerFailure: failure
        case let error as CoordinatorError: failure(of: error)
        case let error as SchemaError:
            failure(
                of: told(
                    .invalidRequest, error.type, error.reason,
                    causes: error.causes.map { .init(type: $0.type, reason: $0.reason) }))
        case let error as QueryError:
            failure(
                of: told(
                    .invalidRequest, error.type, error.reason,
                    causes: error.causes.prefix(1).map { .init(type: $0.type, reason: $0.reason) }))
        case let error as any TrawlError:
            PeerFailure(kind: error.kind, code: error.code, reason: error.description)
        default: PeerFailure(kind: .internalFault, code: "exception", reason: "\(error)")
        }
    }

    private static func told(
        _ kind: ErrorKind, _ type: String, _ reason: String, causes: [CoordinatorError.Cause]
    ) -> CoordinatorError {
        var error = CoordinatorError(kind, type, reason)
        error.causes = causes
        return error
    }

    private static func failure(of error: CoordinatorError) -> PeerFailure {
        PeerFailure(
            kind: error.kind, code: coordinatorCode, reason: error.description,
            detail: (try? Wire.encode(error)) ?? [])
    }

    /// The error that the other node had.
    static func error(of failure: PeerFailure) -> any Error {
        guard failure.code == coordinatorCode,
            let error = try? Wire.decode(CoordinatorError.self, from: failure.detail)
        else { return failure }
        return error
    }
}

extension PeerClient {
    /// Asks and waits for the answer.
    func ask<Q: PeerQuestion>(_ question: Q, timeout: Duration) throws -> Q.Answer {
        try begin(question, timeout: timeout)()
    }

    /// Asks; what is returned waits for the answer.
    func begin<Q: PeerQuestion>(_ question: Q, timeout: Duration) throws -> () throws -> Q.Answer {
        let call = begin(Q.method, try Wire.encode(question), timeout: timeout)
        return {
            do {
                return try Wire.decode(Q.Answer.self, from: try call.wait())
            } catch let failure as PeerFailure {
                throw PeerErrors.error(of: failure)
            }
        }
    }
}
