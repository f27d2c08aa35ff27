internal import Synchronization
package import TrawlFiles

/// Who still needs which file. A file that was held and that nobody holds any more is removed.
///
/// Holders are the manifest that is on disk, the writer's list of segments, every snapshot, and
/// everyone who copies a commit.
package final class FileLedger: Sendable {
    private let store: any FileStore
    /// How many hold each file; one without holders is not in it. Never held across I/O.
    private let holders = Mutex<[String: Int]>([:])
    private let isRetired = Atomic(false)

    package init(_ store: any FileStore) { self.store = store }

    package func hold(_ files: some Sequence<String>) {
        holders.withLock { holders in
            for file in files { holders[file, default: 0] += 1 }
        }
    }

    package func release(_ files: some Sequence<String>) {
        let free = holders.withLock { holders in
            var free: [String] = []
            for file in files {
                guard let count = holders[file] else {
                    preconditionFailure("\(file) is released but was not held")
                }
                holders[file] = count > 1 ? count - 1 : nil
                if count == 1 { free.append(file) }
            }
            return free
        }
        // A file that cannot be removed now is a leftover that the next opening removes.
        if isRetired.load(ordering: .acquiring) { return }
        for file in free { try? store.remove(file) }
    }

    /// From now on nothing is removed. The next opening sweeps what is left over, and its writer
    /// may use a name anew that a snapshot of this one still holds.
    package func retire() { isRetired.store(true, ordering: .releasing) }

    package func isHeld(_ file: String) -> Bool { holders.withLock { $0[file] != nil } }
}
