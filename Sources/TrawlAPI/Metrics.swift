internal import TrawlCapture
internal import TrawlCoordinator

/// `/metrics` in Prometheus' text format: names begin with `trawl_`, units are seconds and bytes.
enum Metrics {
    static func text(_ services: Services) -> String {
        let process = ProcessFigures()
        let disk = services.coordinator.diskByteCounts
        var text = ""
        func gauge(_ name: String, _ help: String, _ samples: [(labels: String, value: Double)]) {
            text += "# HELP trawl_\(name) \(help)\n# TYPE trawl_\(name) gauge\n"
            for (labels, value) in samples {
                text += "trawl_\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(value)\n"
            }
        }
        func counter(_ name: String, _ help: String, _ samples: [(labels: String, value: Double)]) {
            text += "# HELP trawl_\(name) \(help)\n# TYPE trawl_\(name) counter\n"
            for (labels, value) in samples {
                text += "trawl_\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(value)\n"
            }
        }
        gauge(
            "uptime_seconds", "Time since the node started.",
            [("", Double(services.uptimeMilliseconds) / 1000)])
        gauge(
            "process_resident_memory_bytes", "Memory in use.",
            [("", Double(process.residentMemory))])
        gauge("process_open_files", "Open file descriptors.", [("", Double(process.openFiles))])
        gauge("process_threads", "Threads.", [("", Double(process.threadCount))])
        counter(
            "process_cpu_seconds_total", "User and system time.",
            [("", Double(process.cpuMilliseconds) / 1000)])
        gauge("disk_free_bytes", "Free space where the data is.", [("", Double(disk.free))])
        gauge("disk_total_bytes", "All space where the data is.", [("", Double(disk.total))])
        let pools = services.pools
        gauge(
            "pool_active_threads", "Threads at work.",
            pools.map { ("pool=\"\($0.name)\"", Double($0.active)) })
        gauge(
            "pool_queued_requests", "Requests that wait.",
            pools.map { ("pool=\"\($0.name)\"", Double($0.queued)) })
        counter(
            "pool_completed_requests_total", "Requests answered.",
            pools.map { ("pool=\"\($0.name)\"", Double($0.completed)) })
        counter(
            "pool_rejected_requests_total", "Requests refused for want of room.",
            pools.map { ("pool=\"\($0.name)\"", Double($0.rejected)) })
        let catalog = services.catalog
        gauge("indices", "Indices.", [("", Double(catalog.indices.count))])
        let figures = catalog.names.compactMap { name in
            (try? services.figures(of: catalog.indices[name]!)).map { (name, $0) }
        }
        gauge(
            "index_documents", "Live documents.",
            figures.map { ("index=\"\($0.0)\"", Double($0.1.docCount)) })
        gauge(
            "index_size_bytes", "Bytes on disk.",
            figures.map { ("index=\"\($0.0)\"", Double($0.1.byteCount)) })
        gauge(
            "index_segments", "Segments.",
            figures.map { ("index=\"\($0.0)\"", Double($0.1.segments.count)) })
        gauge(
            "index_last_offset", "The last change applied.",
            figures.map { ("index=\"\($0.0)\"", Double($0.1.maxOffset)) })
        let syncs = (services.capture?.all ?? []).map(\.status)
        if syncs.isEmpty { return text }
        func labelled(_ value: (CaptureStatus) -> Double?) -> [(labels: String, value: Double)] {
            syncs.compactMap { sync in
                value(sync).map { ("sync=\"\(sync.name)\"", $0) }
            }
        }
        gauge(
            "sync_up", "1 while a store is followed or copied, 0 otherwise.",
            labelled { $0.phase == .following || $0.phase == .copying ? 1 : 0 })
        gauge(
            "sync_lag_events", "Changes of the store that are not applied yet.",
            labelled { $0.lag.events.map(Double.init) })
        gauge(
            "sync_lag_bytes", "Bytes of the store's log that are not applied yet.",
            labelled { $0.lag.byteCount.map(Double.init) })
        gauge("sync_lag_seconds", "How far behind the store.", labelled(\.lagSeconds))
        counter(
            "sync_events_total", "Changes applied.", labelled { Double($0.eventCount) })
        gauge(
            "sync_letters", "Rows that could not become documents.",
            labelled { Double($0.letterCount) })
        gauge(
            "sync_divergent_documents", "What the last verification found to differ.",
            labelled { status in
                status.lastProof.map {
                    $0.state == .different ? Double($0.outcome.keys.count) : 0
                }
            })
        gauge(
            "sync_last_proven_timestamp_seconds", "When equality was proven last.",
            labelled { $0.lastEqual.map { $0.startedAt / 1000 } })
        return text
    }
}
