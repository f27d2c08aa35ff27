/// Drops an `'s` at the end; the apostrophe may also be U+2019 or U+FF07.
struct EnglishPossessiveFilter: TokenFilter {
    var ignoresASCIICase: Bool { true }

    func apply(to buffer: inout TokenBuffer) {
        for index in buffer.tokens.indices {
            let count = Int(buffer.tokens[index].termByteCount)
            guard count >= 2 else { continue }
            let end = Int(buffer.tokens[index].termStart) + count
            let last = buffer.arena[end - 1]
            guard last == 0x73 || last == 0x53 else { continue }
            if buffer.arena[end - 2] == 0x27 {
                buffer.tokens[index].termByteCount -= 2
            } else if count >= 4 {
                let mark = buffer.arena[end - 4..<end - 1]
                if mark.elementsEqual([0xE2, 0x80, 0x99])
                    || mark.elementsEqual([0xEF, 0xBC, 0x87])
                {
                    buffer.tokens[index].termByteCount -= 4
                }
            }
        }
    }
}
