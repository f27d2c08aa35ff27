internal import TrawlBytes

/// Which file of a segment holds what. Every file is in the envelope of `EnvelopeFormat`, its
/// kind is the file extension and its owner the number of the segment.
///
///     00000012.info   the segment's description: fields, counts, where each section lies in the
///                     other files. Small, read and verified whole at open, written last: a
///                     segment without it does not exist.
///     00000012.term   terms of all inverted fields           (TrawlPostings)
///     00000012.post   documents and frequencies by term      (TrawlPostings)
///     00000012.posn   positions and offsets by term          (TrawlPostings)
///     00000012.norm   lengths of fields: Lucene's byte, and exactly
///     00000012.cols   columns: values by document
///     00000012.pnts   values of number columns, sorted, with their documents
///     00000012.stor   the sources, compressed
///     00000012.iden   ids, routing, sequence, version, stamp, digest; look-up by id
///     00000012-00000003.live   which documents live, third generation; absent while all do
///
/// Segments of nested documents have the same files, named `n00000012.info` and so on; see
/// `NestedFormat`.
///
/// A file that would be empty is not written. The large files have no directory of their own:
/// every place in them stands in `.info`, under its checksum.
package enum SegmentFormat {
    package enum Kind: String, Sendable, CaseIterable {
        case info, term, post, posn, norm, cols, pnts, stor, iden, live

        /// The files of TrawlPostings, in the order its writer takes them.
        package static let inverted: [Kind] = [.term, .post, .posn]
    }

    package static let versions: ClosedRange<UInt16> = 1...1
    package static var version: UInt16 { versions.upperBound }
    /// Of `.info`. Version 2 has a segment of nested documents beside it and no other change;
    /// without one version 1 is written.
    package static let infoVersions: ClosedRange<UInt16> = 1...2

    package static func fileName(_ id: SegmentID, _ kind: Kind) -> String {
        "\(id).\(kind.rawValue)"
    }

    package static func liveFileName(_ id: SegmentID, generation: UInt64) -> String {
        "\(id)-\(SegmentID(generation)).live"
    }

    /// The segment that a file belongs to, by its name; nil for a file that is none of a
    /// segment's. Files of nested documents belong to the segment of their roots.
    package static func owner(ofFileNamed name: String) -> SegmentID? {
        guard let dot = name.firstIndex(of: "."),
            Kind(rawValue: String(name[name.index(after: dot)...])) != nil
        else { return nil }
        var stem = name[..<dot].prefix { $0 != "-" }
        if stem.first == "n" { stem.removeFirst() }
        guard stem.utf8.count >= 8, let number = UInt64(stem) else { return nil }
        return SegmentID(number)
    }
}
