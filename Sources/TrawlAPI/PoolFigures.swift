/// A pool of threads as `_cat/thread_pool` and `_nodes` show it.
package struct PoolFigures: Sendable {
    package var name: String
    package var size: Int
    package var limit: Int
    package var active: Int
    package var queued: Int
    package var rejected: Int
    package var completed: Int

    package init(
        name: String, size: Int, limit: Int, active: Int, queued: Int, rejected: Int,
        completed: Int
    ) {
        self.name = name
        self.size = size
        self.limit = limit
        self.active = active
        self.queued = queued
        self.rejected = rejected
        self.completed = completed
    }
}
