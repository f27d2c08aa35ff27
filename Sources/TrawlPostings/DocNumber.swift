/// The number of a document in one segment, from 0, in order of ingestion.
package typealias DocNumber = UInt32

extension DocNumber {
    /// Where a cursor stands that has no more documents.
    package static var end: DocNumber { .max }
}

/// What a list keeps of each occurrence of a term. Each case keeps what the one before does.
package enum PostingsDetail: UInt8, Sendable, Comparable, CaseIterable {
    case documents = 1
    case frequencies, positions, offsets

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
