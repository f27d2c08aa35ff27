/// Rows in columns that line up, wide characters included.
struct TextTable {
    enum Alignment { case left, right }

    private let heads: [String]
    private let alignments: [Alignment]
    private var rows: [[String]] = []

    init(_ columns: [(head: String, alignment: Alignment)]) {
        heads = columns.map(\.head)
        alignments = columns.map(\.alignment)
    }

    mutating func add(_ cells: [String]) {
        precondition(cells.count == heads.count, "a row has a cell for each column")
        rows.append(cells)
    }

    /// The table as lines without trailing blanks; the head first unless all heads are empty.
    func lines() -> [String] {
        let showsHead = heads.contains { !$0.isEmpty }
        let all = showsHead ? [heads] + rows : rows
        let widths = heads.indices.map { column in
            all.map { Terminal.columns(of: $0[column]) }.max() ?? 0
        }
        return all.map { cells in
            var line = ""
            for (column, cell) in cells.enumerated() {
                if column > 0 { line += "  " }
                line +=
                    alignments[column] == .left
                    ? cell.padded(to: widths[column]) : cell.leftPadded(to: widths[column])
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
    }
}
