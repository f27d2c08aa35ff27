/// The indices that a store is followed into, as the pump needs them.
package protocol CaptureTarget: Sendable {
    /// Milliseconds since 1970.
    var now: Double { get }

    /// Which index a name stands for; nil when there is none yet.
    func concreteIndex(_ name: String) throws -> String?
    /// Makes an index for these fields, and gives it an alias unless that is nil.
    func create(_ index: String, fields: [SourceField], alias: String?) throws
    /// Adds fields that the mapping lacks.
    ///
    /// - Throws: `CaptureError` that stops, when a field has become something else.
    func extend(_ index: String, fields: [SourceField]) throws
    func remove(_ index: String) throws
    /// The alias names the new index and not the old one, in one step.
    func moveAlias(_ alias: String, from old: String, to new: String) throws

    /// Writes changes in their order. What is returned is durable.
    ///
    /// - Returns: For each change why it was refused, nil when it was not.
    func write(
        _ changes: [CapturedChange], to index: String, origin: String?
    ) throws -> [String?]
    /// The newest source of a document.
    func source(of id: String, in index: String) throws -> [UInt8]?
    /// Deletes everything.
    func empty(_ index: String) throws

    /// All that was written so far, held as it is now.
    func view(of index: String) throws -> any CaptureView
}

/// An index as it was at one moment.
package protocol CaptureView: Sendable {
    /// Goes through all documents.
    ///
    /// - Parameter unreadable: Documents whose content is damaged, with what is known of it.
    func scan(
        _ body: (_ id: String, _ source: [UInt8]) throws -> Void,
        unreadable: (_ id: String, _ reason: String) throws -> Void
    ) throws
}
