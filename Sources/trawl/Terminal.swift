internal import Glibc

/// What is known of the terminal, and how wide text is on it.
enum Terminal {
    static var allowsColor: Bool {
        let noColor = environment("NO_COLOR") ?? ""
        return noColor.isEmpty && environment("TERM") != "dumb"
    }

    /// Columns of the terminal, or 80 where there is none.
    static var width: Int { size?.columns ?? 80 }
    static var height: Int { size?.rows ?? 24 }

    private static var size: (columns: Int, rows: Int)? {
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
            var size = winsize()
            // The kernel fills a winsize, nothing beyond it.
            if unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
                return (Int(size.ws_col), Int(size.ws_row))
            }
        }
        return nil
    }

    static func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// How many columns a character takes: 2 for East Asian wide characters and emoji, 0 for
    /// marks that combine with what stands before them.
    static func columns(of scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        case .control: return 0
        default: break
        }
        switch scalar.value {
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff,
            0xa000...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
            0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f680...0x1f6ff,
            0x1f900...0x1f9ff, 0x1fa70...0x1faff, 0x20000...0x3fffd:
            return 2
        default: return 1
        }
    }

    static func columns(of text: String) -> Int {
        text.reduce(0) { total, character in
            // A cluster is as wide as its widest part: an emoji of several is one picture.
            total + (character.unicodeScalars.map(columns(of:)).max() ?? 0)
        }
    }
}

extension String {
    /// Spaces behind, up to a width in columns.
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - Terminal.columns(of: self)))
    }

    /// Spaces before, up to a width in columns.
    func leftPadded(to width: Int) -> String {
        String(repeating: " ", count: max(0, width - Terminal.columns(of: self))) + self
    }

    /// At most `width` columns; what is cut off ends in an ellipsis.
    func clipped(to width: Int) -> String {
        guard Terminal.columns(of: self) > width else { return self }
        var result = ""
        var used = 0
        for character in self {
            let columns = Terminal.columns(of: String(character))
            if used + columns > width - 1 { break }
            result.append(character)
            used += columns
        }
        return result + "…"
    }
}
