internal import Glibc
internal import Synchronization
internal import TrawlThreads

/// The clients of all other nodes, and the thread that ends calls whose time is over.
package final class PeerPool: Sendable {
    /// What must not wait behind each other has a connection of its own.
    package enum Channel: Hashable, Sendable { case questions, replication, files }

    private struct Key: Hashable {
        var address: PeerAddress
        var channel: Channel
    }

    private let credentials: PeerCredentials
    private let clients = Mutex<[Key: PeerClient]>([:])
    private let isStopped = Atomic<Bool>(false)

    package init(_ credentials: PeerCredentials) {
        self.credentials = credentials
        _ = SystemThread(name: "peer-timer") { [weak self] in
            while let pool = self, !pool.isStopped.load(ordering: .relaxed) {
                pool.expire()
                usleep(25_000)
            }
        }
    }

    package func client(_ address: PeerAddress, _ channel: Channel = .questions) -> PeerClient {
        clients.withLock { clients in
            let key = Key(address: address, channel: channel)
            if let client = clients[key] { return client }
            let client = PeerClient(address, credentials)
            clients[key] = client
            return client
        }
    }

    private func expire() {
        let now = ContinuousClock.now
        for client in clients.withLock({ Array($0.values) }) { client.expire(at: now) }
    }

    /// Lets go of the clients of addresses that no node has any more.
    package func keep(only addresses: Set<PeerAddress>) {
        let gone = clients.withLock { clients in
            let gone = clients.filter { !addresses.contains($0.key.address) }
            for key in gone.keys { clients[key] = nil }
            return Array(gone.values)
        }
        for client in gone { client.close() }
    }

    package func close() {
        isStopped.store(true, ordering: .relaxed)
        keep(only: [])
    }
}
