internal import Glibc

/// A file of the tz database (RFC 8536), version 2 or later: the 64-bit block and the footer.
struct ZoneFile {
    private(set) var transitions: [Int] = []
    private(set) var offsets: [Int] = []
    private(set) var initialOffset = 0
    private(set) var standingRule: PosixZoneRule?

    private static let folder = "/usr/share/zoneinfo/"

    init?(id: String) {
        let isName =
            !id.isEmpty && id.utf8.count < 64 && id.utf8.first != UInt8(ascii: "/")
            && id.utf8.allSatisfy { byte in
                (byte >= 48 && byte <= 57) || (byte | 32 >= 97 && byte | 32 <= 122)
                    || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "/")
                    || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            }
        guard isName, let bytes = ZoneFile.read(ZoneFile.folder + id) else { return nil }
        self.init(bytes: bytes)
    }

    init?(bytes: [UInt8]) {
        func int32(_ at: Int) -> Int {
            Int(
                Int32(
                    bitPattern: UInt32(bytes[at]) << 24 | UInt32(bytes[at + 1]) << 16
                        | UInt32(bytes[at + 2]) << 8 | UInt32(bytes[at + 3])))
        }
        func int64(_ at: Int) -> Int { int32(at) << 32 | (int32(at + 4) & 0xFFFF_FFFF) }
        struct Header {
            var utcs, standards, leaps, times, types, characters: Int
        }
        func header(_ at: Int) -> Header? {
            guard bytes.count >= at + 44, Array(bytes[at..<at + 4]) == Array("TZif".utf8)
            else { return nil }
            let counts = (0..<6).map { int32(at + 20 + $0 * 4) }
            guard counts.allSatisfy({ $0 >= 0 && $0 < 100_000 }) else { return nil }
            return Header(
                utcs: counts[0], standards: counts[1], leaps: counts[2], times: counts[3],
                types: counts[4], characters: counts[5])
        }
        guard let first = header(0), bytes[4] >= UInt8(ascii: "2") else { return nil }
        let skip =
            44 + first.times * 5 + first.types * 6 + first.characters + first.leaps * 8
            + first.standards + first.utcs
        guard let second = header(skip), second.types > 0 else { return nil }
        var at = skip + 44
        let end =
            at + second.times * 9 + second.types * 6 + second.characters + second.leaps * 12
            + second.standards + second.utcs
        guard end <= bytes.count else { return nil }
        transitions = (0..<second.times).map { int64(at + $0 * 8) }
        at += second.times * 8
        let kinds = (0..<second.times).map { Int(bytes[at + $0]) }
        at += second.times
        let typeOffsets = (0..<second.types).map { int32(at + $0 * 6) }
        guard kinds.allSatisfy({ $0 < second.types }) else { return nil }
        offsets = kinds.map { typeOffsets[$0] }
        initialOffset = typeOffsets[0]
        let footer = bytes[end...].split(separator: UInt8(ascii: "\n"))
        if let text = footer.first {
            standingRule = PosixZoneRule(String(decoding: text, as: UTF8.self))
        }
    }

    private static func read(_ path: String) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < 1 << 20 {
            let capacity = piece.count
            let count = unsafe piece.withUnsafeMutableBytes {
                unsafe Glibc.read(descriptor, $0.baseAddress, capacity)
            }
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes.append(contentsOf: piece[..<count])
        }
        return nil
    }
}

/// The rule for times after the last transition of a file, such as
/// `CET-1CEST,M3.5.0,M10.5.0/3`.
struct PosixZoneRule: Sendable {
    private enum Day: Sendable {
        /// 1 to 365, February 29 never counted.
        case julian(Int)
        /// 0 to 365.
        case zeroBased(Int)
        case weekday(month: Int, week: Int, day: Int)
    }

    private var standardOffset = 0
    private var summerOffset = 0
    private var summer: (start: Day, startTime: Int, end: Day, endTime: Int)?

    init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        guard PosixZoneRule.skipName(&rest), let standard = PosixZoneRule.time(&rest)
        else { return nil }
        standardOffset = -standard
        summerOffset = standardOffset + 3_600
        if rest.isEmpty { return }
        guard PosixZoneRule.skipName(&rest) else { return nil }
        if rest.first != UInt8(ascii: ",") {
            guard let offset = PosixZoneRule.time(&rest) else { return nil }
            summerOffset = -offset
        }
        guard let start = PosixZoneRule.change(&rest), let end = PosixZoneRule.change(&rest)
        else { return nil }
        summer = (start.0, start.1, end.0, end.1)
    }

    func offset(at utcSeconds: Int) -> Int {
        guard let summer else { return standardOffset }
        let day = CivilTime.floorDivide(utcSeconds + standardOffset, 86_400)
        let year = CivilTime.date(days: day).year
        let start =
            PosixZoneRule.days(summer.start, year) * 86_400 + summer.startTime - standardOffset
        let end = PosixZoneRule.days(summer.end, year) * 86_400 + summer.endTime - summerOffset
        let isSummer =
            start < end
            ? utcSeconds >= start && utcSeconds < end
            : !(utcSeconds >= end && utcSeconds < start)
        return isSummer ? summerOffset : standardOffset
    }

    private static func days(_ day: Day, _ year: Int) -> Int {
        let first = CivilTime.days(year: year, month: 1, day: 1)
        switch day {
        case .julian(let number):
            return first + number - 1 + (CivilTime.isLeap(year) && number > 59 ? 1 : 0)
        case .zeroBased(let number):
            return first + number
        case .weekday(let month, let week, let weekday):
            let start = CivilTime.days(year: year, month: month, day: 1)
            let startWeekday = CivilTime.weekday(days: start) % 7
            var day = 1 + (weekday - startWeekday + 7) % 7 + (week - 1) * 7
            while day > CivilTime.dayCount(year: year, month: month) { day -= 7 }
            return start + day - 1
        }
    }

    private static func skipName(_ rest: inout ArraySlice<UInt8>) -> Bool {
        if rest.first == UInt8(ascii: "<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
            rest = rest[(end + 1)...]
            return true
        }
        let start = rest.startIndex
        while let byte = rest.first, byte | 32 >= 97, byte | 32 <= 122 { rest = rest.dropFirst() }
        return rest.startIndex > start
    }

    private static func number(_ rest: inout ArraySlice<UInt8>) -> Int? {
        var value: Int?
        while let byte = rest.first, byte >= 48, byte <= 57, (value ?? 0) < 10_000 {
            value = (value ?? 0) * 10 + Int(byte) - 48
            rest = rest.dropFirst()
        }
        return value
    }

    private static func time(_ rest: inout ArraySlice<UInt8>) -> Int? {
        var sign = 1
        if let byte = rest.first, byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") {
            sign = byte == UInt8(ascii: "-") ? -1 : 1
            rest = rest.dropFirst()
        }
        guard var seconds = number(&rest).map({ $0 * 3_600 }) else { return nil }
        for unit in [60, 1] where rest.first == UInt8(ascii: ":") {
            rest = rest.dropFirst()
            guard let part = number(&rest) else { return nil }
            seconds += part * unit
        }
        return sign * seconds
    }

    private static func change(_ rest: inout ArraySlice<UInt8>) -> (Day, Int)? {
        guard rest.first == UInt8(ascii: ",") else { return nil }
        rest = rest.dropFirst()
        let day: Day
        switch rest.first {
        case UInt8(ascii: "J"):
            rest = rest.dropFirst()
            guard let value = number(&rest) else { return nil }
            day = .julian(value)
        case UInt8(ascii: "M"):
            rest = rest.dropFirst()
            var values: [Int] = []
            for index in 0..<3 {
                if index > 0 {
                    guard rest.first == UInt8(ascii: ".") else { return nil }
                    rest = rest.dropFirst()
                }
                guard let value = number(&rest) else { return nil }
                values.append(value)
            }
            guard (1...12).contains(values[0]), (1...5).contains(values[1]), values[2] < 7
            else { return nil }
            day = .weekday(month: values[0], week: values[1], day: values[2])
        default:
            guard let value = number(&rest) else { return nil }
            day = .zeroBased(value)
        }
        guard rest.first == UInt8(ascii: "/") else { return (day, 7_200) }
        rest = rest.dropFirst()
        guard let at = time(&rest) else { return nil }
        return (day, at)
    }
}
