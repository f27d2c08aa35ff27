internal import Glibc

/// Standard output, gathered and written in large pieces, and standard error.
///
/// Results go to standard output, everything else to standard error. When the reader goes away
/// (a pager was closed), the program ends quietly.
struct Output {
    private var pending: [UInt8] = []
    private let descriptor: Int32
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
        if pending.count >= 1 << 16 { flush() }
    }

    mutating func write(raw bytes: some Sequence<UInt8>) {
        pending.append(contentsOf: bytes)
        if pending.count >= 1 << 16 { flush() }
    }

    mutating func flush() {
        Self.writeAll(pending, to: descriptor)
        pending.removeAll(keepingCapacity: true)
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
