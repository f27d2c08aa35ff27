internal import Glibc
internal import TrawlIngest

extension IndexRun {
    /// Indexes what is there, and then what is added, until the program is told to stop.
    ///
    /// Documents of lines that have no id get one from their file, whatever its name is by then,
    /// and their place in it: a rotated file keeps its documents, and the file that takes its name
    /// gets others. A file of another form is read again whole when it changes.
    mutating func follow(
        _ paths: [String], walker: FileWalker, into sender: BulkSender
    ) throws {
        var watched = FollowedFiles(paths, walker: walker, format: format)
        for path in paths where unsafe access(path, F_OK) != 0 {
            Output.error("there is no \(path) yet: waiting for it")
        }
        while !Interruption.isRequested {
            let changes = watched.changes()
            for change in changes where !Interruption.isRequested {
                switch change {
                case .lines(let lines): try index(lines, into: sender)
                case .file(let path): try read(path, into: sender)
                case .strange(let path, let error):
                    reject(file: path, line: 0, reason: "\(error)", source: [])
                }
            }
            if changes.isEmpty { usleep(200_000) }
        }
    }

    private mutating func index(_ lines: FollowedFile.Lines, into sender: BulkSender) throws {
        let input = ByteInput(bytes: lines.bytes, name: lines.path)
        var reader = DocumentFormat.jsonl.reader(of: input, idField: idField)
        let skipped = resume.lines[lines.name] ?? 0
        var batch = BulkBatch()
        while let record = try reader.next() {
            switch record {
            case .document(var document):
                document.line += lines.firstLine - 1
                if document.line <= skipped { continue }
                document.id =
                    document.id ?? BulkBatch.id(ofFile: lines.name, line: document.line)
                batch.add(document, file: lines.path)
                if batch.isFull { try send(&batch, of: lines.name, to: sender, fraction: nil) }
            case .reject(let reject):
                self.reject(
                    file: lines.path, line: reject.line + lines.firstLine - 1,
                    reason: reject.reason, source: reject.text)
            }
        }
        try send(&batch, of: lines.name, to: sender, fraction: nil)
    }
}
