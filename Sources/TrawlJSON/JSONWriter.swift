internal import CKernels

/// Writes JSON text, value by value.
///
/// Commas and line breaks come by themselves. Text goes through as it is, except for what JSON
/// demands to be escaped: quotes, backslashes and control characters.
public struct JSONWriter: Sendable {
    public private(set) var bytes: [UInt8]
    private let pretty: Bool
    private var depth = 0
    /// Whether something stands before the next value in the same container.
    private var needsComma = false
    private var isAfterKey = false

    /// - Parameter pretty: Lines and indentation as Elasticsearch's `?pretty` has them.
    public init(pretty: Bool = false, reserving byteCount: Int = 0) {
        self.pretty = pretty
        bytes = []
        bytes.reserveCapacity(byteCount)
    }

    /// Forgets what was written and keeps the room for more.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        depth = 0
        needsComma = false
        isAfterKey = false
    }

    // MARK: Containers

    public mutating func startObject() { start(UInt8(ascii: "{")) }
    public mutating func endObject() { end(UInt8(ascii: "}")) }
    public mutating func startArray() { start(UInt8(ascii: "[")) }
    public mutating func endArray() { end(UInt8(ascii: "]")) }

    private mutating func start(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        depth += 1
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        assert(depth > 0 && !isAfterKey)
        depth -= 1
        if pretty { if needsComma { breakLine() } else { bytes.append(0x20) } }
        bytes.append(bracket)
        needsComma = true
    }

    public mutating func key(_ key: String) {
        separate()
        quote(key)
        colon()
    }

    /// A key that is known to need no escapes.
    public mutating func key(_ key: StaticString) {
        separate()
        bytes.append(0x22)
        unsafe bytes.append(
            contentsOf: UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
        bytes.append(0x22)
        colon()
    }

    private mutating func colon() {
        if pretty { bytes.append(0x20) }
        bytes.append(UInt8(ascii: ":"))
        if pretty { bytes.append(0x20) }
        isAfterKey = true
    }

    private mutating func separate() {
        if isAfterKey {
            isAfterKey = false
        } else {
            if needsComma { bytes.append(UInt8(ascii: ",")) }
            if pretty && depth > 0 { breakLine() }
        }
        needsComma = true
    }

    private mutating func breakLine() {
        bytes.append(0x0a)
        for _ in 0..<depth {
            bytes.append(0x20)
            bytes.append(0x20)
        }
    }

    // MARK: Values

    public mutating func null() { raw("null") }

    public mutating func value(_ value: Bool) { if value { raw("true") } else { raw("false") } }

    public mutating func value(_ value: some FixedWidthInteger) {
        separate()
        if let small = Int64(exactly: value) {
            digits(small)
        } else {
            bytes.append(contentsOf: String(value).utf8)
        }
    }

    /// NaN and the infinities are written as null.
    public mutating func value(_ value: Double) { self.value(JSONNumber(value)) }

    /// The shortest text that reads back as the same `Float`; null for NaN and the infinities.
    public mutating func value(_ value: Float) { self.value(JSONNumber(value)) }

    public mutating func value(_ value: JSONNumber) {
        separate()
        bytes.append(contentsOf: value.literal.utf8)
    }

    public mutating func value(_ value: String) {
        separate()
        quote(value)
    }

    public mutating func value(_ value: [JSONValue]) {
        startArray()
        for element in value { self.value(element) }
        endArray()
    }

    public mutating func value(_ value: JSONObject) {
        startObject()
        for (key, value) in value.members {
            self.key(key)
            self.value(value)
        }
        endObject()
    }

    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let value): self.value(value)
        case .number(let value): self.value(value)
        case .string(let value): self.value(value)
        case .array(let value): self.value(value)
        case .object(let value): self.value(value)
        }
    }

    /// JSON text as it is, such as the source of a document.
    public mutating func raw(_ json: some Collection<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
    }

    private mutating func raw(_ word: StaticString) {
        separate()
        unsafe bytes.append(
            contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    /// A string from UTF-8 bytes.
    public mutating func string(utf8: UnsafeBufferPointer<UInt8>) {
        separate()
        unsafe quote(utf8)
    }

    /// A key from UTF-8 bytes.
    public mutating func key(utf8: UnsafeBufferPointer<UInt8>) {
        separate()
        unsafe quote(utf8)
        colon()
    }

    // MARK: Bytes

    private mutating func digits(_ value: Int64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        if rest < 10 {
            bytes.append(0x30 + UInt8(rest))
            return
        }
        let start = bytes.count
        while rest > 0 {
            bytes.append(0x30 + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        }
        bytes[start...].reverse()
    }

    private mutating func quote(_ text: String) {
        var text = text
        text.withUTF8 { unsafe quote($0) }
    }

    private mutating func quote(_ utf8: UnsafeBufferPointer<UInt8>) {
        bytes.append(0x22)
        if var next = utf8.baseAddress {
            let end = unsafe next + utf8.count
            while true {
                var isBeyondASCII: Int32 = 0
                let plain = unsafe trawl_json_plain_run(next, end - next, &isBeyondASCII)
                unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: next, count: plain))
                unsafe next += plain
                guard unsafe next < end else { break }
                escape(unsafe next.pointee)
                unsafe next += 1
            }
        }
        bytes.append(0x22)
    }

    @inline(never)
    private mutating func escape(_ byte: UInt8) {
        bytes.append(0x5c)
        switch byte {
        case 0x22, 0x5c: bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x0c: bytes.append(UInt8(ascii: "f"))
        case 0x0a: bytes.append(UInt8(ascii: "n"))
        case 0x0d: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        default:
            let hex = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(hex[Int(byte >> 4)])
            bytes.append(hex[Int(byte & 15)])
        }
    }
}
