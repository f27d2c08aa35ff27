/// `trawl index`: files of documents into an index, embedded or on a node.
enum IndexCommand {
    static let command = Command(
        name: "index", summary: "Index documents from files, directories or standard input.",
        operands: "INDEX [FILE|DIR|-]…", operandCount: 1...100_000,
        details: """
            Reads JSON lines, JSON arrays, CSV, TSV, text, Markdown and TREC files, packed with
            gzip or zstd or not. A document without an id gets one from its place, so a second run
            changes nothing. A rejected document never stops the run: exit status 1 tells of it.
            """,
        options: [
            .data, .url,
            .value(
                "format", "NAME", "jsonl, json, csv, tsv, text, markdown, trec (default: auto)."),
            .value("id", "FIELD", "The field that holds the id (default: _id, then id)."),
            .value("mapping", "FILE", "Create the index with this mapping (JSON)."),
            .value("rejects", "FILE", "Write refused documents there, with reason and line."),
            .value("glob", "PATTERN", "In directories, only such files; repeats.", repeats: true),
            .flag("gitignore", nil, "In directories, obey .gitignore files."),
            .flag("resume", nil, "Go on where an interrupted run ended."),
            .flag("follow", nil, "Then wait for what is added to the files, until Ctrl-C."),
            .value(
                "patience", "SECONDS",
                "How long to wait for a node that is overloaded or full (default 60)."),
            .flag("quiet", "q", "No summary, no mapping."),
        ],
        examples: [
            "trawl index english corpora/english/documents.jsonl",
            "zcat logs.jsonl.gz | trawl index logs - --format jsonl --url http://127.0.0.1:9200",
            "trawl index notes ~/notes --glob '*.md' --follow",
        ]
    ) { arguments, output in
        var run = try IndexRun(arguments)
        return try run.perform(&output)
    }
}
