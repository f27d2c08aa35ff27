internal import CKernels

/// A sum of doubles without rounding: the same, whatever the order of the values and however
/// they are spread over segments and shards. Rounded once, when it is asked for.
///
/// A double is a 53-bit integer times a power of two. Values whose powers lie near that of the
/// first (nearly always all of them) are added as integers of 128 bits; the others, by power, in
/// a table of their own. 2^33 values fit before an accumulator might overflow.
package struct ExactSum: Sendable, Codable {
    /// Whole numbers, in units of one.
    private var whole: Int128 = 0
    /// In units of two to the power of `base`.
    private var near: Int128 = 0
    private var base: Int16 = Self.unset
    /// By power, for values that are out of reach of `base`.
    private var far: [Int16: Int128]?
    /// Infinities and NaN, which no integer holds.
    private var special: Double = 0

    private static let unset = Int16.max
    /// How far above `base` a power may lie.
    private static let reach = 40
    private static let lowestPower = -1074

    package init() {}

    @inline(__always)
    package mutating func add(_ value: Double) {
        let bits = value.bitPattern
        let exponent = Int((bits >> 52) & 0x7ff)
        var significand = Int64(bits & 0x000f_ffff_ffff_ffff)
        var power = Self.lowestPower
        if exponent == 0 {
            if significand == 0 { return }
        } else if exponent == 0x7ff {
            special += value
            return
        } else {
            significand |= 1 << 52
            power = exponent - 1075
        }
        if bits >> 63 != 0 { significand = -significand }
        let shift = power - Int(base)
        if shift >= 0, shift <= Self.reach {
            // By halves: shorter than a shift of 128 bits by any number.
            let low = UInt64(bitPattern: significand) &<< UInt64(truncatingIfNeeded: shift)
            let high = (significand &>> 1) &>> Int64(truncatingIfNeeded: 63 &- shift)
            near &+= Int128(_low: low, _high: high)
        } else {
            addFar(significand, power)
        }
    }

    /// A whole number that a double holds exactly.
    @inline(__always)
    package mutating func add(integer value: Int64) { whole += Int128(value) }

    private mutating func addFar(_ significand: Int64, _ power: Int) {
        if base == Self.unset {
            base = Int16(max(Self.lowestPower, power - Self.reach / 2))
            near += Int128(significand) << Int128(power - Int(base))
            return
        }
        far = far ?? [:]
        far?[Int16(power), default: 0] += Int128(significand)
    }

    /// Adds up to 4,096 values at once, given by their sortable keys, and answers with the least
    /// and the greatest of them. Answers nil, and adds none, when they are too different or not
    /// all finite.
    ///
    /// - Parameter top: All are below two to this power in magnitude.
    package mutating func add(
        keys: UnsafeBufferPointer<Int64>, below top: Int32
    ) -> (least: Double, greatest: Double)? {
        var parts = [0.0, 0.0, 0.0]
        var least = 0.0
        var greatest = 0.0
        guard
            unsafe trawl_exact_sums(
                keys.baseAddress, Int32(keys.count), top, &parts, &least, &greatest) != 0
        else { return nil }
        for part in parts { add(part) }
        return (least, greatest)
    }

    package mutating func add(_ other: ExactSum) {
        whole += other.whole
        special += other.special
        if other.base != Self.unset {
            if base == Self.unset {
                base = other.base
                near = other.near
            } else if base == other.base {
                near += other.near
            } else {
                far = far ?? [:]
                far?[other.base, default: 0] += other.near
            }
        }
        for (power, sum) in other.far ?? [:] {
            far = far ?? [:]
            far?[power, default: 0] += sum
        }
    }

    /// The nearest double to the sum.
    package var value: Double {
        if special != 0 || special.isNaN { return special }
        if far == nil, near == 0 { return Double(whole) }
        var limbs = FixedPoint()
        limbs.add(whole, power: 0)
        if base != Self.unset { limbs.add(near, power: Int(base)) }
        for (power, sum) in far ?? [:] { limbs.add(sum, power: Int(power)) }
        return limbs.value
    }
}

/// A number of 2,304 bits, the lowest of which is worth the smallest double.
private struct FixedPoint {
    private static let count = 72
    private static let lowestPower = -1074
    /// 32 bits each, carries not yet made.
    private var digits = [Int64](repeating: 0, count: Self.count)

    mutating func add(_ value: Int128, power: Int) {
        let place = power - Self.lowestPower
        let digit = place / 32
        let shift = place % 32
        // 160 bits: the value, shifted by less than 32.
        var rest = value.magnitude
        let isNegative = value < 0
        var carry: UInt64 = 0
        for i in 0..<5 {
            let low = UInt64(truncatingIfNeeded: rest) & 0xffff_ffff
            rest >>= 32
            let shifted = low << UInt64(shift) | carry
            carry = shifted >> 32
            let part = Int64(shifted & 0xffff_ffff)
            digits[digit + i] += isNegative ? -part : part
        }
    }

    var value: Double {
        var digits = digits
        var carry: Int64 = 0
        for i in digits.indices {
            let sum = digits[i] + carry
            carry = sum >> 32
            digits[i] = sum & 0xffff_ffff
        }
        let isNegative = carry < 0
        if isNegative {
            // Two's complement over all digits.
            var borrow: Int64 = 1
            for i in digits.indices {
                let sum = (~digits[i] & 0xffff_ffff) + borrow
                digits[i] = sum & 0xffff_ffff
                borrow = sum >> 32
            }
        }
        guard let top = digits.lastIndex(where: { $0 != 0 }) else { return 0 }
        // The highest 96 bits, and whether anything is below them.
        var head = UInt128(0)
        for i in 0..<3 {
            head = head << 32 | UInt128(top - i >= 0 ? UInt64(digits[top - i]) : 0)
        }
        if top > 2, digits[..<(top - 2)].contains(where: { $0 != 0 }) { head |= 1 }
        let power = (top - 2) * 32 + Self.lowestPower
        let rounded = Self.rounded(head, power: power)
        return isNegative ? -rounded : rounded
    }

    /// `head` times two to the power of `power`, rounded once, to even.
    private static func rounded(_ head: UInt128, power: Int) -> Double {
        let length = 128 - head.leadingZeroBitCount
        // Bits that do not fit 53, or lie below the smallest double.
        let drop = max(length - 53, lowestPower - power, 0)
        var kept = drop >= 128 ? 0 : head >> UInt128(drop)
        if drop > 0, drop <= 127 {
            let half = UInt128(1) << UInt128(drop - 1)
            let rest = head & ((UInt128(1) << UInt128(drop)) - 1)
            if rest > half || (rest == half && kept & 1 == 1) { kept += 1 }
        }
        return Double(sign: .plus, exponent: power + drop, significand: Double(UInt64(kept)))
    }
}
