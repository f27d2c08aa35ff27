internal import TrawlBytes
package import TrawlDocument
package import TrawlSchema

/// What became of a change, and where it stands in the log.
package struct AppliedChange: Sendable, Equatable {
    package var outcome: ChangeOutcome
    /// `_seq_no`. Of a change that was refused before it was appended: that of the document as it
    /// is, or -1.
    package var offset: Int64
    /// `_primary_term`.
    package var epoch: Int64
    /// Why the document was refused, with its chain of causes. Not kept in the request window.
    package var error: SchemaError?

    package init(
        _ outcome: ChangeOutcome, offset: Int64, epoch: Int64, error: SchemaError? = nil
    ) {
        self.outcome = outcome
        self.offset = offset
        self.epoch = epoch
        self.error = error
    }

    static func failed(_ error: SchemaError, offset: Int64, epoch: Int64) -> AppliedChange {
        AppliedChange(
            .failed(type: error.type, reason: error.reason), offset: offset, epoch: epoch,
            error: error)
    }

    func write(to writer: inout ByteWriter) {
        writer.writeZigzag(offset)
        writer.writeZigzag(epoch)
        switch outcome {
        case .created(let version): write(0, version, to: &writer)
        case .updated(let version): write(1, version, to: &writer)
        case .deleted(let version): write(2, version, to: &writer)
        case .notFound(let version): write(3, version, to: &writer)
        case .noop(let version, let offset):
            write(4, version, to: &writer)
            writer.writeZigzag(offset)
        case .conflict(let reason):
            write(5, 0, to: &writer)
            writer.write(reason)
        case .failed(let type, let reason):
            write(6, 0, to: &writer)
            writer.write(type)
            writer.write(reason)
        }
    }

    private func write(_ kind: UInt8, _ version: Int64, to writer: inout ByteWriter) {
        writer.write(kind)
        writer.writeZigzag(version)
    }

    init(from reader: inout ByteReader) throws(CorruptionError) {
        offset = try reader.readZigzag()
        epoch = try reader.readZigzag()
        let kind = try reader.read(UInt8.self)
        let version = try reader.readZigzag()
        switch kind {
        case 0: outcome = .created(version: version)
        case 1: outcome = .updated(version: version)
        case 2: outcome = .deleted(version: version)
        case 3: outcome = .notFound(version: version)
        case 4: outcome = .noop(version: version, offset: try reader.readZigzag())
        case 5: outcome = .conflict(reason: try reader.readString())
        case 6:
            outcome = .failed(type: try reader.readString(), reason: try reader.readString())
        default: throw reader.damaged("an outcome of kind \(kind)")
        }
    }
}
