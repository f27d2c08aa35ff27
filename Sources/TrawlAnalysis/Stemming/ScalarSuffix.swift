/// What stemmers do with a word of code points.
extension [UInt32] {
    func ends(_ suffix: String) -> Bool {
        var index = endIndex
        for scalar in suffix.unicodeScalars.reversed() {
            index -= 1
            if index < 0 || self[index] != scalar.value { return false }
        }
        return true
    }

    func ends(_ suffix: [UInt32]) -> Bool {
        guard count >= suffix.count else { return false }
        var index = endIndex
        for scalar in suffix.reversed() {
            index -= 1
            if self[index] != scalar { return false }
        }
        return true
    }

    func ends(_ suffixes: [String]) -> Bool { suffixes.contains { ends($0) } }

    func starts(_ prefix: String) -> Bool {
        starts(with: prefix.unicodeScalars.lazy.map(\.value))
    }

    /// The code point `back` places from the end; 1 is the last.
    subscript(back back: Int) -> UInt32 {
        get { self[count - back] }
        set { self[count - back] = newValue }
    }

    mutating func drop(_ number: Int) { removeLast(number) }
}

/// `"a"` as the number of its code point.
func code(_ scalar: Unicode.Scalar) -> UInt32 { scalar.value }
