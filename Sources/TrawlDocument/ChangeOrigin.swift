/// Where a change came from: a primary store, and the place in its stream of changes.
///
///      source                    a state: putting what is there already changes nothing
///      source@POSITION.INDEX     a change: one that is not beyond the last is not applied again
///
/// Position and index are hexadecimal. A shard keeps the last place of each source in its commits,
/// so that a stream that is read again from an earlier place does nothing twice.
package struct ChangeOrigin: Sendable, Hashable {
    /// Unique for one following of one store.
    package var source: String
    package var place: Place?

    package struct Place: Sendable, Hashable, Comparable {
        /// Where the transaction was committed.
        package var position: UInt64
        /// Which of its changes.
        package var index: UInt64

        package init(position: UInt64, index: UInt64) {
            self.position = position
            self.index = index
        }

        package static func < (left: Place, right: Place) -> Bool {
            (left.position, left.index) < (right.position, right.index)
        }
    }

    package init(source: String, place: Place? = nil) {
        self.source = source
        self.place = place
    }

    /// Nil when the text has a place that cannot be read.
    package init?(_ text: String) {
        guard let at = text.lastIndex(of: "@") else {
            self.init(source: text)
            return
        }
        let parts = text[text.index(after: at)...].split(
            separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let position = UInt64(parts[0], radix: 16),
            let index = UInt64(parts[1], radix: 16)
        else { return nil }
        self.init(
            source: String(text[..<at]), place: Place(position: position, index: index))
    }

    package var text: String {
        guard let place else { return source }
        return source + "@" + String(place.position, radix: 16) + "."
            + String(place.index, radix: 16)
    }
}
