internal import TrawlErrors

/// The command line itself was wrong: says what, the nearest right word, and where help is.
struct UsageError: TrawlError {
    var message: String
    var nearest: String?
    var help: String?

    init(_ message: String, nearest: String? = nil, help: String? = nil) {
        self.message = message
        self.nearest = nearest
        self.help = help
    }

    var kind: ErrorKind { .invalidRequest }
    var code: String { "usage" }

    var description: String {
        var text = message
        if let nearest { text += "; did you mean \"\(nearest)\"?" }
        if let help { text += "\nSee: \(help)" }
        return text
    }
}
