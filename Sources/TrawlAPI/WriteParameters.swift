internal import TrawlCoordinator
internal import TrawlDocument
internal import TrawlJSON

/// What parameters of a write say, read the same way for single documents and bulk items.
enum WriteParameters {
    static let names =
        "refresh routing timeout version version_type if_seq_no if_primary_term op_type "
        + "require_alias pipeline wait_for_active_shards type "

    enum Refresh { case no, now, wait }

    static func refresh(_ request: APIRequest) throws -> Refresh {
        switch request["refresh"] {
        case nil, "false": .no
        case "true", "": .now
        case "wait_for": .wait
        case let text?: throw APIError.illegalArgument("Unknown value for refresh: [\(text)].")
        }
    }

    /// Puts version and sequence together into one condition.
    static func condition(
        kind: WriteRequest.Kind, version: Int64?, versionType: String?, sequence: Int64?,
        term: Int64?
    ) throws -> Change.Condition {
        let type = versionType ?? "internal"
        guard ["internal", "external", "external_gt", "external_gte", "force"].contains(type) else {
            throw APIError.illegalArgument("No version type match [\(type)]")
        }
        if type == "force" {
            throw APIError.illegalArgument("No version type match [\(type)]")
        }
        var problems: [String] = []
        let isExternal = type != "internal"
        if kind == .create {
            if isExternal {
                problems.append(
                    "create operations only support internal versioning. use index instead")
            }
            if version != nil, !isExternal {
                problems.append(
                    "create operations do not support versioning. use index instead")
            }
            if sequence != nil || term != nil {
                problems.append(
                    "create operations do not support compare and set. use index instead")
            }
        }
        if isExternal {
            let value = version ?? -3
            if value < 0 {
                problems.append(
                    "illegal version value [\(value)] for version type [\(type.uppercased())]")
            }
            if sequence != nil || term != nil {
                problems.append("compare and write operations can not use versioning")
            }
            if kind == .update {
                problems.append(
                    "internal versioning can not be used for optimistic concurrency control. Please use `if_seq_no` and `if_primary_term` instead"
                )
            }
        } else if version != nil, kind != .create {
            problems.append(
                "internal versioning can not be used for optimistic concurrency control. Please "
                    + "use `if_seq_no` and `if_primary_term` instead")
        }
        if let sequence, sequence < 0 {
            throw APIError.illegalArgument(
                "sequence numbers must be non negative. got [\(sequence)].")
        }
        if let term, term <= 0 {
            throw APIError.illegalArgument("primary term must be non negative. got [\(term)]")
        }
        if sequence != nil, term == nil {
            problems.append("ifSeqNo is set, but primary term is [0]")
        }
        if let term, sequence == nil {
            problems.append("ifSeqNo is unassigned, but primary term is [\(term)]")
        }
        if !problems.isEmpty { throw APIError.validation(problems) }
        if let sequence, let term { return .sequence(offset: sequence, epoch: term) }
        if isExternal, let version {
            return type == "external_gte"
                ? .externalOrEqual(version: version) : .external(version: version)
        }
        return .none
    }

    static func condition(
        _ request: APIRequest, kind: WriteRequest.Kind
    ) throws -> Change.Condition {
        try condition(
            kind: kind, version: try request.optionalLong("version"),
            versionType: request["version_type"],
            sequence: try request.optionalLong("if_seq_no"),
            term: try request.optionalLong("if_primary_term"))
    }

    static func pipeline(_ request: APIRequest) throws -> String? {
        if request["pipeline"] == "" {
            throw APIError.validation(["pipeline cannot be an empty string"])
        }
        return request["pipeline"]
    }

    /// `active` copies may be waited for; there is one.
    static func checkActiveShards(_ request: APIRequest) throws {
        guard let text = request["wait_for_active_shards"], text != "all" else { return }
        guard let count = Int(text), count >= 0 else {
            throw APIError.illegalArgument("cannot parse ActiveShardCount[\(text)]")
        }
    }
}

/// What became of a write, in the words of the API.
enum WriteOutcome {
    /// `created`, `updated`, …, the version and the status.
    static func describe(
        _ write: ShardWrite
    ) -> (result: String, version: Int64, offset: Int64, status: Int)? {
        switch write.outcome {
        case .created(let version): ("created", version, write.offset, 201)
        case .updated(let version): ("updated", version, write.offset, 200)
        case .deleted(let version): ("deleted", version, write.offset, 200)
        case .notFound(let version): ("not_found", version, write.offset, 404)
        case .noop(let version, let offset): ("noop", version, offset, 200)
        case .conflict, .failed: nil
        }
    }

    static func error(_ answer: WriteAnswer, _ services: Services) -> APIError? {
        switch answer.result {
        case .failure(let error): return ErrorResponse.apiError(error)
        case .success(let write):
            let uuid = services.catalog.indices[answer.index]?.uuid ?? "_na_"
            let facts: JSONObject = [
                "index_uuid": .string(uuid), "shard": .string(String(answer.shard)),
                "index": .string(answer.index),
            ]
            switch write.outcome {
            case .conflict(let reason):
                return APIError(409, "version_conflict_engine_exception", reason, facts: facts)
            case .failed(let type, let reason):
                if type != "document_missing_exception", let error = write.error {
                    return ErrorResponse.apiError(error)
                }
                let status = type == "document_missing_exception" ? 404 : 400
                return APIError(status, type, reason, facts: status == 404 ? facts : [:])
            default: return nil
            }
        }
    }

    /// The members that every answer to a write has.
    static func write(
        _ answer: WriteAnswer, _ write: ShardWrite, forcedRefresh: Bool,
        to writer: inout JSONWriter
    ) {
        guard let (result, version, offset, _) = describe(write) else { return }
        writer.key("_index")
        writer.value(answer.index)
        writer.key("_id")
        writer.value(answer.id)
        writer.key("_version")
        writer.value(version)
        writer.key("result")
        writer.value(result)
        if forcedRefresh {
            writer.key("forced_refresh")
            writer.value(true)
        }
        let isNoop = result == "noop"
        writer.key("_shards")
        writer.startObject()
        writer.key("total")
        writer.value(isNoop ? 0 : answer.shardCopies)
        writer.key("successful")
        writer.value(isNoop ? 0 : 1)
        writer.key("failed")
        writer.value(0)
        writer.endObject()
        writer.key("_seq_no")
        writer.value(offset)
        writer.key("_primary_term")
        writer.value(write.epoch)
    }
}
