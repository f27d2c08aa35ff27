internal import TrawlCoordinator
internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlSchema

/// A table of `_cat`: columns that may be chosen, sorted by and explained.
struct CatTable: Sendable {
    struct Column: Sendable {
        var name: String
        var aliases: [String] = []
        var isDefault = true
        var isRight = false
        var details: String
        /// A size in bytes or a duration in milliseconds, shown in units.
        var unit = Unit.none

        enum Unit: Sendable { case none, bytes, milliseconds }

        init(
            _ name: String, _ aliases: String, default isDefault: Bool = true,
            right: Bool = false, unit: Unit = .none, _ details: String
        ) {
            self.name = name
            self.aliases = aliases.split(separator: ",").map(String.init)
            self.isDefault = isDefault
            self.isRight = right
            self.unit = unit
            self.details = details
        }

        init(
            _ name: String, default isDefault: Bool = true, right: Bool = false,
            unit: Unit = .none, _ details: String
        ) {
            self.init(name, "", default: isDefault, right: right, unit: unit, details)
        }
    }

    /// What stands in a row: text or a number, which are sorted differently.
    enum Cell: Sendable {
        case text(String?)
        case number(Int?)
    }

    var columns: [Column]
    var rows: [[Cell]] = []

    func respond(to request: APIRequest) throws -> APIResponse {
        if try request.bool("help") { return APIResponse(200, .text(help)) }
        let shown = try chosenColumns(request["h"])
        let rows = try sorted(request["s"])
        let format = request["format"] ?? CatTable.acceptedFormat(request)
        let texts = try rows.map { row in
            try shown.map { try text(row[$0.place], of: columns[$0.place], request) }
        }
        if format == "json" || format == "yaml" {
            let objects = texts.map { row in
                JSONValue.object(
                    JSONObject(
                        zip(shown, row).map {
                            (key: $0.display, value: $1.map { .string($0) } ?? .null)
                        }
                    ))
            }
            return .value(.array(objects))
        }
        return APIResponse(200, .text(align(texts, shown, heading: try request.bool("v"))))
    }

    private static func acceptedFormat(_ request: APIRequest) -> String {
        let accept = request.http.header("accept") ?? ""
        return accept.hasPrefix("application/json") || accept.hasPrefix("application/vnd")
            ? "json" : "text"
    }

    private typealias Shown = (place: Int, display: String)

    private func chosenColumns(_ list: String?) throws -> [Shown] {
        guard let list else {
            return columns.indices.filter { columns[$0].isDefault }.map { ($0, columns[$0].name) }
        }
        var shown: [Shown] = []
        for item in list.split(separator: ",").map(String.init) {
            if Wildcard.isPattern(item) {
                for (i, column) in columns.enumerated() {
                    let names = [column.name] + column.aliases
                    if let hit = names.first(where: { Wildcard.matches(item, $0) }),
                        !shown.contains(where: { $0.place == i })
                    {
                        shown.append((i, hit))
                    }
                }
            } else if let place = place(of: item), !shown.contains(where: { $0.place == place }) {
                shown.append((place, item))
            }
        }
        return shown
    }

    private func place(of name: String) -> Int? {
        columns.firstIndex { $0.name == name || $0.aliases.contains(name) }
    }

    private func sorted(_ list: String?) throws -> [[Cell]] {
        guard let list else { return rows }
        var order: [(place: Int, descending: Bool)] = []
        for item in list.split(separator: ",") {
            let parts = item.split(separator: ":").map(String.init)
            let direction = parts.count > 1 ? parts[1] : "asc"
            guard let place = place(of: parts[0]), parts.count <= 2,
                direction == "asc" || direction == "desc"
            else {
                throw APIError(
                    500, "unsupported_operation_exception",
                    "Unable to sort by unknown sort key `\(parts[0])`")
            }
            order.append((place, direction == "desc"))
        }
        return rows.enumerated().sorted { left, right in
            for (place, descending) in order {
                let result = Self.compare(left.element[place], right.element[place])
                if result != 0 { return descending ? result > 0 : result < 0 }
            }
            return left.offset < right.offset
        }.map(\.element)
    }

    /// Nothing comes first.
    private static func compare(_ left: Cell, _ right: Cell) -> Int {
        switch (left, right) {
        case (.number(let a), .number(let b)):
            a == b ? 0 : (a ?? .min) < (b ?? .min) ? -1 : 1
        case (.text(let a), .text(let b)):
            a == b ? 0 : a == nil ? -1 : b == nil ? 1 : a! < b! ? -1 : 1
        default: 0
        }
    }

    private func text(_ cell: Cell, of column: Column, _ request: APIRequest) throws -> String? {
        switch cell {
        case .text(let text): return text
        case .number(nil): return nil
        case .number(let number?):
            switch column.unit {
            case .none: return String(number)
            case .bytes:
                guard let unit = request["bytes"] else { return ByteSize.text(number) }
                guard let text = ByteSize.number(number, in: unit) else {
                    throw APIError.illegalArgument("no such size unit [\(unit)]")
                }
                return text
            case .milliseconds:
                guard let unit = request["time"] else {
                    return TimeValue.text(nanoseconds: Int64(number) * 1_000_000)
                }
                let scales: [String: Double] = [
                    "nanos": 1e-6, "micros": 1e-3, "ms": 1, "s": 1e3, "m": 6e4, "h": 3.6e6,
                    "d": 8.64e7,
                ]
                guard let scale = scales[unit] else {
                    throw APIError.illegalArgument("no such time unit [\(unit)]")
                }
                return String(Int(Double(number) / scale))
            }
        }
    }

    private func align(_ rows: [[String?]], _ shown: [Shown], heading: Bool) -> String {
        var lines = rows
        if heading { lines.insert(shown.map { $0.display }, at: 0) }
        var widths = [Int](repeating: 0, count: shown.count)
        for line in lines {
            for (i, cell) in line.enumerated() { widths[i] = max(widths[i], cell?.count ?? 0) }
        }
        var text = ""
        for line in lines {
            for (i, cell) in line.enumerated() {
                let isLast = i == line.count - 1
                let cell = cell ?? ""
                let pad = String(repeating: " ", count: widths[i] - cell.count)
                if columns[shown[i].place].isRight {
                    text += pad + cell
                } else {
                    text += isLast ? cell : cell + pad
                }
                if !isLast { text += " " }
            }
            text += "\n"
        }
        return text
    }

    private var help: String {
        let rows = columns.map { column in
            [
                column.name,
                column.aliases.isEmpty ? "n/a" : column.aliases.joined(separator: ","),
                column.details,
            ]
        }
        let widths = (0..<3).map { i in rows.map { $0[i].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }.joined(separator: " | ") + "\n"
        }.joined()
    }
}
