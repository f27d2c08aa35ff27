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
        return text
    }
}
