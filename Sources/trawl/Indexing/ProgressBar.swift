internal import Glibc

/// One line on standard error that is written over while work goes on; nothing when nobody
/// watches.
struct ProgressBar {
    private let isShown: Bool
    private let started = ContinuousClock.now
    private var last = ContinuousClock.now
    private var isOnScreen = false

    init() { isShown = isatty(STDERR_FILENO) == 1 }

    /// - Parameter fraction: How much of the input was read, if its size is known.
    mutating func show(documents: Int, rejected: Int, fraction: Double?) {
        guard isShown, ContinuousClock.now - last > .milliseconds(100) else { return }
        last = .now
        let seconds = max(0.001, (last - started) / .seconds(1))
        var text = "\(documents) documents, \(Int(Double(documents) / seconds))/s"
        if let fraction, fraction > 0 {
            let done = min(1, fraction)
            let filled = Int(done * 20)
            let bar =
                String(repeating: "█", count: filled)
                + String(repeating: "·", count: 20 - filled)
            let left = Int(seconds / done * (1 - done))
            text = "\(bar) \(Int(done * 100)) %  \(text), \(left) s left"
        }
        if rejected > 0 { text += ", \(rejected) rejected" }
        write("\r\u{1b}[K" + text.clipped(to: Terminal.width - 1))
        isOnScreen = true
    }

    mutating func clear() {
        if isOnScreen { write("\r\u{1b}[K") }
        isOnScreen = false
    }

    private func write(_ text: String) {
        var bytes = Array(text.utf8)
        // The buffer lives through the call and is as long as said.
        unsafe _ = bytes.withUnsafeMutableBytes { raw in
            unsafe Glibc.write(STDERR_FILENO, raw.baseAddress, raw.count)
        }
    }
}
