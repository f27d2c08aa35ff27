internal import Glibc

/// The ring of a cluster as a picture in letters, each the owner of that part.
enum RingDrawing {
    /// How many parts are drawn; enough that the ring has no gaps.
    static let partCount = 144
    private static let rowCount = 17
    private static let columnCount = 37

    static func letter(_ place: Int) -> Character {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        return letters[place % letters.count]
    }

    /// Begins at the top and goes clockwise.
    static func lines(_ owners: [Int]) -> [String] {
        var rows = [[Character]](
            repeating: [Character](repeating: " ", count: columnCount), count: rowCount)
        let middle = (row: Double(rowCount - 1) / 2, column: Double(columnCount - 1) / 2)
        for (i, owner) in owners.enumerated() {
            let angle = 2 * Double.pi * Double(i) / Double(owners.count)
            let row = Int((middle.row - middle.row * cos(angle)).rounded())
            let column = Int((middle.column + middle.column * sin(angle)).rounded())
            rows[row][column] = letter(owner)
        }
        return rows.map { row in
            var text = String(row)
            while text.last == " " { text.removeLast() }
            return "  " + text
        }
    }
}
