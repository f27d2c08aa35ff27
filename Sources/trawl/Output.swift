internal import Glibc

/// Standard output, gathered and written in large pieces, and standard error.
///
/// Results go to standard output, everything else to standard error. When the reader goes away
/// (a pager was closed), the program ends quietly.
struct Output {
    private var pending: [UInt8] = []
    private let descriptor: Int32
    /// Kept back until it is known whether it fits on the terminal.
    private var isHeld = false
    /// Whether a person reads along: a terminal, and colour was not refused.
    let isTerminal: Bool
    let usesColor: Bool

    static var standard: Output { Output(descriptor: STDOUT_FILENO) }

    init(descriptor: Int32) {
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
        usesColor = isTerminal && Terminal.allowsColor
    }

    mutating func line(_ text: String = "") {
        write(text)
        write("\n")
    }

    mutating func write(_ text: String) {
        pending.append(contentsOf: text.utf8)
        if pending.count >= 1 << 16, !isHeld { flush() }
    }

    mutating func write(raw bytes: some Sequence<UInt8>) {
        pending.append(contentsOf: bytes)
        if pending.count >= 1 << 16, !isHeld { flush() }
    }

    mutating func flush() {
        Self.writeAll(pending, to: descriptor)
        pending.removeAll(keepingCapacity: true)
    }

    /// From now on everything is kept for `page()`, when a person reads along.
    mutating func hold() { isHeld = isTerminal && isatty(STDIN_FILENO) == 1 }

    /// Shows what was held: through the pager when it is longer than the terminal.
    mutating func page() {
        defer {
            isHeld = false
            flush()
        }
        let pager = Terminal.environment("PAGER") ?? "less"
        let lineCount = pending.count { $0 == UInt8(ascii: "\n") }
        guard isHeld, !pager.isEmpty, pager != "cat", lineCount >= Terminal.height else { return }
        // Colours go through, and a page that fits after all ends by itself.
        unsafe _ = setenv("LESS", "FRX", 0)
        flush(to: pager)
    }

    /// Leaves everything in place when there is no such program.
    private mutating func flush(to pager: String) {
        let program = pager.prefix { $0 != " " }
        guard let pipe = unsafe popen("command -v \(program) >/dev/null && \(pager)", "w") else {
            return
        }
        // The buffer lives through the call and is as long as said. A reader who has seen enough
        // ends it early.
        unsafe pending.withUnsafeBytes { bytes in
            _ = unsafe fwrite(bytes.baseAddress, 1, bytes.count, pipe)
        }
        if unsafe pclose(pipe) == 0 { pending = [] }
    }

    /// Text in a style, or plain where colour is not wanted.
    func styled(_ text: String, _ style: Style) -> String {
        usesColor ? "\u{1b}[\(style.rawValue)m\(text)\u{1b}[0m" : text
    }

    enum Style: String {
        case bold = "1"
        case dim = "2"
        case match = "1;33"
        case good = "32"
        case bad = "31"
    }

    static func error(_ text: String) {
        writeAll(Array((text + "\n").utf8), to: STDERR_FILENO)
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // The buffer lives through the call and is not longer than `rest`.
            let count = unsafe rest.withUnsafeBytes { raw in
                unsafe Glibc.write(descriptor, raw.baseAddress, raw.count)
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                if errno == EPIPE { exit(0) }
                return
            }
        }
    }
}
