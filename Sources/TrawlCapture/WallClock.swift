internal import Glibc

/// The time of day, for people and for what is told to other machines. Decides nothing.
enum WallClock {
    /// Milliseconds since 1970.
    static var now: Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1_000_000
    }
}
