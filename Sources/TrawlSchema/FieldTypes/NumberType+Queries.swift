package import TrawlJSON

extension NumberType {
    /// A bound of a query, between the numbers that the kind has.
    private enum Bound {
        case number(Int64)
        /// Between the number and the next.
        case above(Int64)
        case belowAll
        case aboveAll
    }

    package func lookup(
        term value: JSONValue, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        if !kind.isInteger {
            let real = kind.rounded(try self.real(value))
            guard real.isFinite else { throw notFinite(real) }
            let number = kind.encode(real)
            return .numbers(number...number)
        }
        switch try bound(value) {
        case .number(let number): return .numbers(number...number)
        case .above, .belowAll, .aboveAll: return .none
        }
    }

    package func lookup(
        range: ValueRange, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        var low = kind.bounds.lowerBound
        var high = kind.bounds.upperBound
        if kind.isInteger {
            if let lower = range.lower, !lower.isNull {
                switch try bound(lower) {
                case .number(let number):
                    if !range.includesLower, number == high { return .none }
                    low = range.includesLower ? number : number + 1
                case .above(let number):
                    if number == high { return .none }
                    low = number + 1
                case .belowAll: break
                case .aboveAll: return .none
                }
            }
            if let upper = range.upper, !upper.isNull {
                switch try bound(upper) {
                case .number(let number):
                    if !range.includesUpper, number == kind.bounds.lowerBound { return .none }
                    high = range.includesUpper ? number : number - 1
                case .above(let number): high = number
                case .belowAll: return .none
                case .aboveAll: break
                }
            }
        } else {
            if let lower = range.lower, !lower.isNull {
                let value = kind.rounded(try real(lower))
                if value.isNaN { throw notFinite(value) }
                low = kind.encode(range.includesLower ? value : kind.next(after: value))
            }
            if let upper = range.upper, !upper.isNull {
                let value = kind.rounded(try real(upper))
                if value.isNaN { throw notFinite(value) }
                high = kind.encode(range.includesUpper ? value : -kind.next(after: -value))
            }
        }
        return low <= high ? .numbers(low...high) : .none
    }

    private func notFinite(_ value: Double) -> SchemaError {
        .illegalArgument(
            "[\(kind.rawValue)] supports only finite values, but got [\(NumberText.java(value))]")
    }

    private func real(_ value: JSONValue) throws(SchemaError) -> Double {
        let text = ParameterText.java(value)
        guard let real = NumberText.double(text) else { throw .numberFormat(text) }
        return real
    }

    private func bound(_ value: JSONValue) throws(SchemaError) -> Bound {
        let text = ParameterText.java(value)
        if kind == .unsignedLong {
            if let number = UInt64(text) { return .number(SortableNumber.encode(unsigned: number)) }
        } else if let number = Int64(text) {
            if number < kind.bounds.lowerBound { return .belowAll }
            if number > kind.bounds.upperBound { return .aboveAll }
            return .number(number)
        }
        guard let real = NumberText.double(text), !real.isNaN else {
            throw .numberFormat(text)
        }
        let floor = real.rounded(.down)
        if kind == .unsignedLong {
            if floor < 0 { return .belowAll }
            guard let number = UInt64(exactly: floor) else { return .aboveAll }
            let encoded = SortableNumber.encode(unsigned: number)
            return floor == real ? .number(encoded) : .above(encoded)
        }
        if floor < Double(kind.bounds.lowerBound) { return .belowAll }
        guard let number = Int64(exactly: floor), number <= kind.bounds.upperBound else {
            return .aboveAll
        }
        return floor == real ? .number(number) : .above(number)
    }
}
