/// Makes anything `Decodable` of a `WireValue`.
struct WireDecoder: Decoder {
    let value: WireValue
    var codingPath: [any CodingKey] = []
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(value: WireValue, path: [any CodingKey] = []) {
        self.value = value
        codingPath = path
    }

    func value<T: Decodable>(_ type: T.Type) throws -> T {
        if type == [UInt8].self, case .bytes(let bytes) = value, let bytes = bytes as? T {
            return bytes
        }
        return try T(from: self)
    }

    private func mismatch(_ wanted: String) -> DecodingError {
        .dataCorrupted(
            .init(codingPath: codingPath, debugDescription: "\(wanted) is expected here"))
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .record(let members) = value else { throw mismatch("a record") }
        return KeyedDecodingContainer(Keyed<Key>(members: members, codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .list(let values) = value else { throw mismatch("a list") }
        return Unkeyed(values: values, codingPath: codingPath)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        Single(decoder: self)
    }

    /// A number that takes more than 64 bits.
    func large() throws -> Int128 {
        guard case .bytes(let bytes) = value, bytes.count == 16 else {
            throw mismatch("an integer of 128 bits")
        }
        return Int128(
            truncatingIfNeeded: bytes.reversed().reduce(0 as UInt128) {
                $0 << 8 | UInt128($1)
            })
    }

    // MARK: Containers

    private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let members: [WireValue.Member]
        let codingPath: [any CodingKey]

        var allKeys: [Key] { members.compactMap { Key(stringValue: $0.key) } }

        private func find(_ key: Key) throws -> WireDecoder {
            guard let member = members.first(where: { $0.key == key.stringValue }) else {
                throw DecodingError.keyNotFound(
                    key, .init(codingPath: codingPath, debugDescription: "it is missing"))
            }
            return WireDecoder(value: member.value, path: codingPath + [key])
        }

        func contains(_ key: Key) -> Bool { members.contains { $0.key == key.stringValue } }

        func decodeNil(forKey key: Key) throws -> Bool { try find(key).value == .null }

        func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 {
            try find(key).large()
        }

        func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
            try find(key).value(type)
        }

        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<Nested> { try find(key).container(keyedBy: type) }

        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            try find(key).unkeyedContainer()
        }

        func superDecoder() throws -> any Decoder {
            WireDecoder(value: members.first { $0.key == "super" }?.value ?? .null)
        }

        func superDecoder(forKey key: Key) throws -> any Decoder { try find(key) }
    }

    private struct Unkeyed: UnkeyedDecodingContainer {
        let values: [WireValue]
        let codingPath: [any CodingKey]
        var currentIndex = 0

        init(values: [WireValue], codingPath: [any CodingKey]) {
            self.values = values
            self.codingPath = codingPath
        }

        var count: Int? { values.count }
        var isAtEnd: Bool { currentIndex >= values.count }

        private mutating func next() throws -> WireDecoder {
            guard !isAtEnd else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: codingPath, debugDescription: "the list is too short"))
            }
            defer { currentIndex += 1 }
            return WireDecoder(value: values[currentIndex], path: codingPath)
        }

        mutating func decodeNil() throws -> Bool {
            guard !isAtEnd, values[currentIndex] == .null else { return false }
            currentIndex += 1
            return true
        }

        mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next().value(type) }
        mutating func decode(_ type: Int128.Type) throws -> Int128 { try next().large() }

        mutating func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type
        ) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }

        mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
            try next().unkeyedContainer()
        }

        mutating func superDecoder() throws -> any Decoder { try next() }
    }

    private struct Single: SingleValueDecodingContainer {
        let decoder: WireDecoder
        var codingPath: [any CodingKey] { decoder.codingPath }

        func decodeNil() -> Bool { decoder.value == .null }

        func decode(_ type: Bool.Type) throws -> Bool {
            guard case .bool(let value) = decoder.value else { throw decoder.mismatch("a flag") }
            return value
        }

        func decode(_ type: String.Type) throws -> String {
            guard case .text(let value) = decoder.value else { throw decoder.mismatch("a text") }
            return value
        }

        func decode(_ type: Double.Type) throws -> Double {
            guard case .double(let bits) = decoder.value else { throw decoder.mismatch("a double") }
            return Double(bitPattern: bits)
        }

        func decode(_ type: Float.Type) throws -> Float {
            guard case .float(let bits) = decoder.value else { throw decoder.mismatch("a float") }
            return Float(bitPattern: bits)
        }

        private func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
            let exact: T? =
                switch decoder.value {
                case .integer(let value): T(exactly: value)
                case .unsigned(let value): T(exactly: value)
                default: nil
                }
            guard let exact else { throw decoder.mismatch("an integer (\(type))") }
            return exact
        }

        func decode(_ type: Int.Type) throws -> Int { try integer(type) }
        func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
        func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
        func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
        func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
        func decode(_ type: Int128.Type) throws -> Int128 { try decoder.large() }
        func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
        func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
        func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
        func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
        func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }

        func decode<T: Decodable>(_ type: T.Type) throws -> T { try decoder.value(type) }
    }
}
