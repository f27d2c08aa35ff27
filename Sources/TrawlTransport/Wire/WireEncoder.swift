/// Makes a `WireValue` of anything `Encodable`.
final class WireEncoder: Encoder {
    /// A place of the tree that is being made.
    final class Slot {
        enum Content {
            case value(WireValue)
            case list([Slot])
            case record([(key: String, slot: Slot)])
        }

        var content = Content.value(.null)

        var value: WireValue {
            switch content {
            case .value(let value): value
            case .list(let slots): .list(slots.map(\.value))
            case .record(let members):
                .record(members.map { WireValue.Member(key: $0.key, value: $0.slot.value) })
            }
        }

        func append() -> Slot {
            let slot = Slot()
            if case .list(var slots) = content {
                content = .list([])
                slots.append(slot)
                content = .list(slots)
            }
            return slot
        }

        func member(_ key: String) -> Slot {
            let slot = Slot()
            if case .record(var members) = content {
                content = .record([])
                members.append((key, slot))
                content = .record(members)
            }
            return slot
        }
    }

    let slot: Slot
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(_ slot: Slot = Slot()) { self.slot = slot }

    func place(_ value: some Encodable) throws {
        // Sources of documents and terms: as they are, not byte by byte.
        // By its type: an empty array of anything could be cast to one of bytes.
        if type(of: value) == [UInt8].self, let bytes = value as? [UInt8] {
            slot.content = .value(.bytes(bytes))
        } else {
            try value.encode(to: self)
        }
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .value = slot.content { slot.content = .record([]) }
        return KeyedEncodingContainer(Keyed<Key>(slot: slot))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .value = slot.content { slot.content = .list([]) }
        return Unkeyed(slot: slot)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { Single(slot: slot) }

    // MARK: Containers

    private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let slot: Slot
        var codingPath: [any CodingKey] { [] }

        mutating func encodeNil(forKey key: Key) throws { _ = slot.member(key.stringValue) }

        mutating func encode(_ value: Int128, forKey key: Key) throws {
            slot.member(key.stringValue).content = .value(WireValue(value))
        }

        mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
            try WireEncoder(slot.member(key.stringValue)).place(value)
        }

        mutating func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) -> KeyedEncodingContainer<Nested> {
            WireEncoder(slot.member(key.stringValue)).container(keyedBy: type)
        }

        mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
            WireEncoder(slot.member(key.stringValue)).unkeyedContainer()
        }

        mutating func superEncoder() -> any Encoder { WireEncoder(slot.member("super")) }

        mutating func superEncoder(forKey key: Key) -> any Encoder {
            WireEncoder(slot.member(key.stringValue))
        }
    }

    private struct Unkeyed: UnkeyedEncodingContainer {
        let slot: Slot
        var codingPath: [any CodingKey] { [] }
        var count = 0

        init(slot: Slot) { self.slot = slot }

        mutating func encodeNil() throws {
            count += 1
            _ = slot.append()
        }

        mutating func encode(_ value: Int128) throws {
            count += 1
            slot.append().content = .value(WireValue(value))
        }

        mutating func encode<T: Encodable>(_ value: T) throws {
            count += 1
            try WireEncoder(slot.append()).place(value)
        }

        mutating func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type
        ) -> KeyedEncodingContainer<Nested> {
            count += 1
            return WireEncoder(slot.append()).container(keyedBy: type)
        }

        mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
            count += 1
            return WireEncoder(slot.append()).unkeyedContainer()
        }

        mutating func superEncoder() -> any Encoder { WireEncoder(slot.append()) }
    }

    private struct Single: SingleValueEncodingContainer {
        let slot: Slot
        var codingPath: [any CodingKey] { [] }

        private func set(_ value: WireValue) { slot.content = .value(value) }

        mutating func encodeNil() throws { set(.null) }
        mutating func encode(_ value: Bool) throws { set(.bool(value)) }
        mutating func encode(_ value: String) throws { set(.text(value)) }
        mutating func encode(_ value: Double) throws { set(.double(value.bitPattern)) }
        mutating func encode(_ value: Float) throws { set(.float(value.bitPattern)) }
        mutating func encode(_ value: Int) throws { set(.integer(Int64(value))) }
        mutating func encode(_ value: Int8) throws { set(.integer(Int64(value))) }
        mutating func encode(_ value: Int16) throws { set(.integer(Int64(value))) }
        mutating func encode(_ value: Int32) throws { set(.integer(Int64(value))) }
        mutating func encode(_ value: Int64) throws { set(.integer(value)) }
        mutating func encode(_ value: Int128) throws { set(WireValue(value)) }
        mutating func encode(_ value: UInt) throws { set(.unsigned(UInt64(value))) }
        mutating func encode(_ value: UInt8) throws { set(.integer(Int64(value))) }
        mutating func encode(_ value: UInt16) throws { set(.integer(Int64(value))) }
        mutating func encode(_ value: UInt32) throws { set(.integer(Int64(value))) }
        mutating func encode(_ value: UInt64) throws { set(.unsigned(value)) }

        mutating func encode<T: Encodable>(_ value: T) throws {
            try WireEncoder(slot).place(value)
        }
    }
}
