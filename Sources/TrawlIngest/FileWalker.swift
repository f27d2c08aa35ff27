internal import Glibc

/// Which files a path on the command line means: itself, or what lies below a directory, in order
/// of their names, hidden files left out.
package struct FileWalker: Sendable {
    /// Only files whose path below the start matches one of these; all when empty.
    package var globs: [Glob]
    /// Whether `.gitignore` files are obeyed.
    package var obeysGitignore: Bool

    package init(globs: [Glob] = [], obeysGitignore: Bool = false) {
        self.globs = globs
        self.obeysGitignore = obeysGitignore
    }

    package func files(at path: String) throws(IngestError) -> [String] {
        guard let mode = Self.mode(of: path) else { throw IngestError(.notFound, in: path) }
        if mode & S_IFMT != S_IFDIR { return [path] }
        var result: [String] = []
        let root = path.hasSuffix("/") && path.count > 1 ? String(path.dropLast()) : path
        try walk(root, below: "", rules: [], into: &result)
        return result
    }

    private static func mode(of path: String) -> mode_t? {
        var status = stat()
        // The system fills a stat, nothing beyond it.
        return unsafe stat(path, &status) == 0 ? status.st_mode : nil
    }

    private func walk(
        _ directory: String, below prefix: String, rules: [IgnoreRule], into result: inout [String]
    ) throws(IngestError) {
        var rules = rules
        if obeysGitignore {
            rules += IgnoreRule.rules(inFile: directory + "/.gitignore", base: prefix)
        }
        for name in try names(in: directory) where !name.hasPrefix(".") {
            let path = directory + "/" + name
            let relative = prefix + name
            // A file that goes away while we look is not there.
            guard let mode = Self.mode(of: path) else { continue }
            let isDirectory = mode & S_IFMT == S_IFDIR
            if IgnoreRule.isIgnored(relative, isDirectory: isDirectory, by: rules) { continue }
            if isDirectory {
                try walk(path, below: relative + "/", rules: rules, into: &result)
            } else if mode & S_IFMT == S_IFREG,
                globs.isEmpty || globs.contains(where: { $0.matches(relative) })
            {
                result.append(path)
            }
        }
    }

    private func names(in directory: String) throws(IngestError) -> [String] {
        guard let handle = unsafe opendir(directory) else {
            throw IngestError(
                .notReadable(unsafe String(cString: strerror(errno))), in: directory)
        }
        defer { unsafe closedir(handle) }
        var names: [String] = []
        while let entry = unsafe readdir(handle) {
            // The name is a C string within the entry, which lives until the next call.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
                unsafe String(cString: UnsafeRawPointer(field).assumingMemoryBound(to: CChar.self))
            }
            names.append(name)
        }
        return names.sorted()
    }
}

/// A file name pattern: `*` and `?` within a name, `**` over directories, `[a-z]` sets. One
/// without a slash is matched against the last name.
package struct Glob: Sendable, Equatable {
    private let pattern: [Character]
    private let isNameOnly: Bool

    package init(_ pattern: String) {
        isNameOnly = !pattern.contains("/")
        self.pattern = Array(pattern.hasPrefix("/") ? String(pattern.dropFirst()) : pattern)
    }

    package func matches(_ path: String) -> Bool {
        let subject =
            isNameOnly ? path.split(separator: "/").last.map(Array.init) ?? [] : Array(path)
        return Self.matches(pattern, subject)
    }

    /// Goes through the pattern with the set of places in the text that it may have reached, so
    /// that no pattern takes more than pattern times text steps.
    private static func matches(_ pattern: [Character], _ text: [Character]) -> Bool {
        var reached: Set<Int> = [0]
        var i = 0
        while i < pattern.count, !reached.isEmpty {
            let character = pattern[i]
            i += 1
            if character == "*" {
                let isDeep = i < pattern.count && pattern[i] == "*"
                if isDeep {
                    i += 1
                    // `**/` also stands for no directory at all.
                    if i < pattern.count, pattern[i] == "/" { i += 1 }
                }
                guard let first = reached.min() else { return false }
                var more: Set<Int> = []
                var isOpen = false
                for place in first...text.count {
                    if reached.contains(place) { isOpen = true }
                    if isOpen { more.insert(place) }
                    if !isDeep, place < text.count, text[place] == "/" { isOpen = false }
                }
                reached = more
            } else if character == "[", let end = pattern[i...].firstIndex(of: "]") {
                let set = pattern[i..<end]
                i = end + 1
                reached = step(reached, text) { contains(set, $0) }
            } else {
                reached = step(reached, text) {
                    character == "?" ? $0 != "/" : $0 == character
                }
            }
        }
        return reached.contains(text.count)
    }

    private static func step(
        _ places: Set<Int>, _ text: [Character], _ fits: (Character) -> Bool
    ) -> Set<Int> {
        Set(places.filter { $0 < text.count && fits(text[$0]) }.map { $0 + 1 })
    }

    private static func contains(_ set: ArraySlice<Character>, _ character: Character) -> Bool {
        let isNegated = set.first == "!" || set.first == "^"
        let set = Array(isNegated ? set.dropFirst() : set)
        var i = 0
        var found = false
        while i < set.count {
            if i + 2 < set.count, set[i + 1] == "-" {
                if set[i] <= character && character <= set[i + 2] { found = true }
                i += 3
            } else {
                if set[i] == character { found = true }
                i += 1
            }
        }
        return found != isNegated
    }
}

/// A line of a `.gitignore`.
struct IgnoreRule {
    private let glob: Glob
    private let isNegated: Bool
    private let isForDirectories: Bool

    static func rules(inFile path: String, base: String) -> [IgnoreRule] {
        guard let input = try? ByteInput(path: path) else { return [] }
        var rules: [IgnoreRule] = []
        while let next = try? input.nextLine(), case .line(let line) = next {
            if let rule = IgnoreRule(String(decoding: line, as: UTF8.self), base: base) {
                rules.append(rule)
            }
        }
        return rules
    }

    /// Nil for an empty line or a comment.
    init?(_ line: String, base: String) {
        var text = line[...]
        while text.last == " " { text = text.dropLast() }
        guard !text.isEmpty, !text.hasPrefix("#") else { return nil }
        isNegated = text.hasPrefix("!")
        if isNegated { text = text.dropFirst() }
        isForDirectories = text.hasSuffix("/")
        if isForDirectories { text = text.dropLast() }
        let isAnchored = text.contains("/")
        if text.hasPrefix("/") { text = text.dropFirst() }
        // Without a slash a rule holds at every depth; with one it holds from its own folder.
        glob = Glob(isAnchored ? "/" + base + text : String(text))
    }

    /// The last rule that fits decides.
    static func isIgnored(_ path: String, isDirectory: Bool, by rules: [IgnoreRule]) -> Bool {
        for rule in rules.reversed() where isDirectory || !rule.isForDirectories {
            if rule.glob.matches(path) { return !rule.isNegated }
        }
        return false
    }
}
