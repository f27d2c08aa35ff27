package import TrawlFiles
internal import TrawlPostings
internal import TrawlSchema

/// Writes a buffer as a segment. The buffer stays as it is, so that a write that failed for want
/// of space can be tried again.
package enum SegmentWriter {
    package struct Written: Sendable {
        package var info: SegmentInfo
        /// Nil while all documents live.
        package var live: LiveDocs?
        /// The files, not yet synced.
        package var output: SegmentOutput
    }

    package static func write(
        _ buffer: SegmentBuffer, as id: SegmentID, in store: any FileStore
    ) throws -> Written {
        let output = SegmentOutput(id, in: store)
        do {
            // The description of the roots comes last: without it nothing of this exists.
            if let nested = buffer.nested?.docs {
                _ = try write(nested, nested.keptFields, to: output.makeNested())
            }
            let info = try write(buffer, buffer.keptFields, to: output)
            return Written(info: info, live: buffer.liveDocs(), output: output)
        } catch {
            output.abandon()
            throw error
        }
    }

    private static func write(
        _ buffer: SegmentBuffer, _ fields: [FieldBuffer], to output: SegmentOutput
    ) throws -> SegmentInfo {
        let docCount = buffer.docCount
        var info = SegmentInfo(id: output.id, docCount: docCount)
        info.fields = fields.map { field in
            var described = SegmentInfo.Field(name: field.name, storage: field.storage)
            described.statistics = field.statistics
            return described
        }
        let inverted = fields.indices.filter { fields[$0].inverted != nil }
        if !inverted.isEmpty {
            try output.write(.norm) { file in
                for index in inverted {
                    info.fields[index].norms = try fields[index].norms.write(
                        docCount: docCount, into: file)
                }
            }
            try writeInverted(inverted.map { fields[$0] }, docCount: docCount, to: output)
        }
        try writeColumns(fields, docCount: docCount, &info, to: output)
        try output.write(.stor) { file in
            info.stored = try buffer.stored.finish(into: file)
        }
        try output.write(.iden) { file in
            info.identity = try buffer.identity.write(isLive: buffer.isLive, into: file)
        }
        return try output.finish(info)
    }

    private static func writeInverted(
        _ fields: [FieldBuffer], docCount: Int, to output: SegmentOutput
    ) throws {
        let files = try SegmentFormat.Kind.inverted.map { try output.begin($0) }
        let writer = InvertedWriter(terms: files[0], postings: files[1], positions: files[2])
        for field in fields {
            try field.inverted?.write(
                to: writer, name: field.name, docCount: Int(field.statistics.docCount),
                norms: field.storage.norms ? field.norms.denseNorms(docCount: docCount) : nil)
        }
        try writer.finish()
        for (file, kind) in zip(files, SegmentFormat.Kind.inverted) {
            try output.finish(file, kind)
        }
    }

    private static func writeColumns(
        _ fields: [FieldBuffer], docCount: Int, _ info: inout SegmentInfo,
        to output: SegmentOutput
    ) throws {
        for field in fields { field.numbers.arrange(distinct: false) }
        if fields.contains(where: { $0.storage.column != .none }) {
            try output.write(.cols) { file in
                for (index, field) in fields.enumerated() {
                    switch field.storage.column {
                    case .none: break
                    case .number:
                        info.fields[index].numbers = try field.numbers.write(
                            docCount: docCount, into: file)
                    case .bytes:
                        info.fields[index].bytes = try field.bytes.write(
                            docCount: docCount, into: file)
                    }
                }
            }
        }
        guard fields.contains(where: \.storage.points) else { return }
        try output.write(.pnts) { file in
            for (index, field) in fields.enumerated() where field.storage.points {
                let points = field.numbers.sortedPoints()
                info.fields[index].points = try PointsPlace.write(
                    numbers: points.numbers, docs: points.docs, into: file)
            }
        }
    }
}
