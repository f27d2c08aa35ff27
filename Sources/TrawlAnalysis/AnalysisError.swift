public import TrawlErrors

/// Why an analyzer could not be made, or was not found. Always the fault of the request.
public struct AnalysisError: TrawlError, Equatable {
    public enum Problem: Sendable, Equatable {
        case unknownAnalyzer, unknownComponent, invalidSetting, missingSetting
    }
    public var problem: Problem
    /// The full name of the setting, such as `analysis.filter.my_stop.stopwords`; may be empty.
    public var setting: String
    public var message: String

    package init(_ problem: Problem, setting: String = "", _ message: String) {
        self.problem = problem
        self.setting = setting
        self.message = message
    }

    public var kind: ErrorKind { problem == .unknownAnalyzer ? .notFound : .invalidRequest }
    public var code: String { "illegal_argument" }
    public var description: String {
        setting.isEmpty || message.contains(setting) ? message : "\(message) (in [\(setting)])"
    }
}
