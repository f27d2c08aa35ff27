internal import Glibc

/// What the system says of this process and this machine, read when asked.
struct ProcessFigures {
    let processID = Int(getpid())
    let processorCount = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let totalMemory = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
    let freeMemory = Int(sysconf(Int32(_SC_AVPHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
    let residentMemory: Int
    let virtualMemory: Int
    let threadCount: Int
    let openFiles: Int
    let maxOpenFiles: Int
    /// User and system time together.
    let cpuMilliseconds: Int
    let loadAverages: [Double]

    init() {
        let pages = Self.numbers("/proc/self/statm")
        let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
        virtualMemory = (pages.first ?? 0) * pageSize
        residentMemory = (pages.count > 1 ? pages[1] : 0) * pageSize
        threadCount = Self.entryCount("/proc/self/task")
        openFiles = Self.entryCount("/proc/self/fd")
        var limit = rlimit()
        unsafe getrlimit(__rlimit_resource_t(7), &limit)
        maxOpenFiles = Int(min(limit.rlim_cur, UInt(Int32.max)))
        var usage = rusage()
        unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        cpuMilliseconds =
            (Int(usage.ru_utime.tv_sec) + Int(usage.ru_stime.tv_sec)) * 1000
            + (Int(usage.ru_utime.tv_usec) + Int(usage.ru_stime.tv_usec)) / 1000
        var loads = [0.0, 0.0, 0.0]
        unsafe getloadavg(&loads, 3)
        loadAverages = loads
    }

    private static func numbers(_ path: String) -> [Int] {
        guard let file = unsafe fopen(path, "r") else { return [] }
        defer { unsafe fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = unsafe fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count], as: UTF8.self)
            .split(whereSeparator: { $0 == " " || $0 == "\n" }).compactMap { Int($0) }
    }

    private static func entryCount(_ path: String) -> Int {
        guard let directory = unsafe opendir(path) else { return 0 }
        defer { unsafe closedir(directory) }
        var count = -2
        while unsafe readdir(directory) != nil { count += 1 }
        return max(0, count)
    }
}
