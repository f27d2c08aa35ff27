internal import TrawlMetadata
internal import TrawlTransport

/// The metadata store on another node.
final class RemoteMetadataStore: MetadataStore {
    private let client: PeerClient
    /// Longer than a connection takes, shorter than anybody's patience.
    private static let timeout = Duration.seconds(5)

    init(_ client: PeerClient) { self.client = client }

    func openSession(timeToLive: Duration) throws -> Int64 {
        try client.ask(
            MetadataQuestions.OpenSession(milliseconds: Int64(timeToLive / .milliseconds(1))),
            timeout: Self.timeout)
    }

    func renew(session: Int64) throws {
        _ = try client.ask(MetadataQuestions.Renew(session: session), timeout: .seconds(1))
    }

    func close(session: Int64) throws {
        _ = try client.ask(MetadataQuestions.Close(session: session), timeout: .seconds(1))
    }

    func get(_ key: String) throws -> MetadataEntry? {
        try client.ask(MetadataQuestions.Get(key: key), timeout: Self.timeout).first
    }

    func list(_ prefix: String) throws -> (entries: [MetadataEntry], revision: Int64) {
        let answer = try client.ask(
            MetadataQuestions.List(prefix: prefix), timeout: Self.timeout)
        return (answer.entries, answer.revision)
    }

    func commit(_ transaction: MetadataTransaction) throws -> Int64? {
        try client.ask(
            MetadataQuestions.Commit(transaction: transaction), timeout: Self.timeout
        ).first
    }

    func changes(after revision: Int64, timeout: Duration) throws -> MetadataChanges {
        try client.ask(
            MetadataQuestions.Changes(
                after: revision, milliseconds: Int64(timeout / .milliseconds(1))),
            timeout: timeout + .seconds(1))
    }

    func settle(_ revision: Int64) throws {
        _ = try client.ask(
            MetadataQuestions.Settle(revision: revision), timeout: Self.timeout)
    }
}
