package import TrawlErrors
package import TrawlSchema

/// Why a pipeline cannot be made, or a document cannot go through it.
package struct PipelineError: TrawlError, Equatable {
    package var kind: ErrorKind
    /// The type as the API reports it.
    package var type: String
    package var reason: String
    package var causes: [SchemaError.Cause]
    /// Which processor and which of its settings: `processor_type`, `processor_tag`,
    /// `property_name`.
    package var properties: [Property] = []

    package struct Property: Sendable, Equatable {
        package var name: String
        package var value: String
    }

    package init(
        _ type: String, _ reason: String, kind: ErrorKind = .invalidRequest,
        causes: [SchemaError.Cause] = []
    ) {
        self.kind = kind
        self.type = type
        self.reason = reason
        self.causes = causes
    }

    init(_ error: SchemaError) {
        self.init(error.type, error.reason, causes: error.causes)
        // What a script ran into is told first.
        if error.reason == "failed to execute script", let first = causes.first {
            type = first.type
            reason = first.reason
            causes.removeFirst()
        }
    }

    package var code: String { type }
    package var description: String { "\(type): \(reason)" }

    static func illegalArgument(_ reason: String) -> PipelineError {
        PipelineError("illegal_argument_exception", reason)
    }

    static func illegalState(_ reason: String) -> PipelineError {
        PipelineError("illegal_state_exception", reason, kind: .internalFault)
    }

    /// A setting of a pipeline or a processor that is missing or wrong.
    static func setting(
        _ name: String?, _ reason: String, processor: String? = nil, tag: String? = nil
    ) -> PipelineError {
        var error = PipelineError("parse_exception", reason)
        for (key, value) in [
            ("property_name", name), ("processor_type", processor), ("processor_tag", tag),
        ] {
            if let value { error.properties.append(Property(name: key, value: value)) }
        }
        return error
    }
}
