internal import TrawlCluster
internal import TrawlCoordinator
internal import TrawlDocument
internal import TrawlJSON
internal import TrawlMetadata
internal import TrawlQuery
internal import TrawlSearch
internal import TrawlTransport

/// A question that nodes ask each other: its name, what it says, what is answered.
protocol PeerQuestion: Codable, Sendable {
    associatedtype Answer: Codable & Sendable
    static var method: String { get }
}

/// The answer to a question that has none.
struct Nothing: Codable, Sendable {}

/// What the node that keeps the metadata is asked. One question for each function of
/// `MetadataStore`.
enum MetadataQuestions {
    struct OpenSession: PeerQuestion {
        typealias Answer = Int64
        static let method = "metadata.session.open"
        var milliseconds: Int64
    }

    struct Renew: PeerQuestion {
        typealias Answer = Nothing
        static let method = "metadata.session.renew"
        var session: Int64
    }

    struct Close: PeerQuestion {
        typealias Answer = Nothing
        static let method = "metadata.session.close"
        var session: Int64
    }

    struct Get: PeerQuestion {
        typealias Answer = [MetadataEntry]
        static let method = "metadata.get"
        var key: String
    }

    struct List: PeerQuestion {
        struct Answer: Codable, Sendable {
            var entries: [MetadataEntry]
            var revision: Int64
        }

        static let method = "metadata.list"
        var prefix: String
    }

    struct Commit: PeerQuestion {
        typealias Answer = [Int64]
        static let method = "metadata.commit"
        var transaction: MetadataTransaction
    }

    struct Changes: PeerQuestion {
        typealias Answer = MetadataChanges
        static let method = "metadata.changes"
        var after: Int64
        var milliseconds: Int64
    }

    /// Waits until all nodes know a revision.
    struct Settle: PeerQuestion {
        typealias Answer = Nothing
        static let method = "metadata.settle"
        var revision: Int64
    }
}

/// What the node with a copy of a shard is asked.
enum ShardQuestions {
    struct Write: PeerQuestion {
        struct Answer: Codable, Sendable {
            struct Result: Codable, Sendable {
                var outcome: ChangeOutcome
                var offset: Int64
                var epoch: Int64
                var error: PeerFailure?
            }

            var results: [Result]
        }

        static let method = "shard.write"
        var shard: ShardKey
        var changes: [Change]
    }

    struct Get: PeerQuestion {
        typealias Answer = [ShardDocument]
        static let method = "shard.get"
        var shard: ShardKey
        var id: DocumentID
        var inRealTime: Bool
    }

    struct Refresh: PeerQuestion {
        /// The offset after the last change that is visible now.
        typealias Answer = Int64
        static let method = "shard.refresh"
        var shard: ShardKey
        /// What has to be visible afterwards, at least.
        var through: Int64?
    }

    struct Maintain: PeerQuestion {
        enum Work: Codable, Sendable {
            case flush
            case merge(segmentCount: Int, onlyExpungesDeletes: Bool)
        }

        typealias Answer = Nothing
        static let method = "shard.maintain"
        var shard: ShardKey
        var work: Work
    }

    struct Figures: PeerQuestion {
        typealias Answer = ShardFigures
        static let method = "shard.figures"
        var shard: ShardKey
    }
}

/// What a search asks of the shards on another node: all of them in one question.
enum ViewQuestions {
    /// A view that is open on the other node, or nil for one to be opened.
    struct Place: Codable, Sendable {
        var shard: ShardKey
        var view: Int64?
    }

    /// What came of one shard.
    enum Outcome<Value: Codable & Sendable>: Codable, Sendable {
        case found(Value, view: Int64)
        case failed(PeerFailure)
    }

    struct Statistics: PeerQuestion {
        typealias Answer = [Outcome<RankingStatistics>]
        static let method = "view.statistics"
        var places: [Place]
        var request: SearchRequest
        var now: Int64
        var milliseconds: Int64?
    }

    struct Find: PeerQuestion {
        typealias Answer = [Outcome<FoundHits>]
        static let method = "view.find"
        var places: [Place]
        var request: SearchRequest
        var now: Int64
        var statistics: RankingStatistics?
        var milliseconds: Int64?
        var isOnlyShard: Bool
    }

    struct FoundHits: Codable, Sendable {
        var keys: [ShardAnswer.Key]
        var total: TotalHits
        var maxScore: Float?
        var timedOut: Bool
        var terminatedEarly: Bool?
        var profile: JSONValue?
        var aggregations: PartialAggregations?
    }

    struct Fetch: PeerQuestion {
        struct Wanted: Codable, Sendable {
            var view: Int64
            var places: [Int]
        }

        typealias Answer = [Outcome<[Hit]>]
        static let method = "view.fetch"
        var wanted: [Wanted]
    }

    struct Count: PeerQuestion {
        typealias Answer = [Outcome<Int>]
        static let method = "view.count"
        var places: [Place]
        var request: SearchRequest
        var now: Int64
    }

    struct Explain: PeerQuestion {
        typealias Answer = Outcome<[Explanation]>
        static let method = "view.explain"
        var place: Place
        var id: DocumentID
        var request: SearchRequest
        var now: Int64
        var statistics: RankingStatistics?
    }

    /// What suggesters ask: one view at a time, as their answers decide what they ask next.
    struct Suggest: PeerQuestion {
        enum Asked: Codable, Sendable {
            case terms(field: String, near: String, edits: Int, prefixLength: Int)
            case docCounts(terms: [String], field: String)
            case figures(field: String)
            case termFigures(terms: [[UInt8]], field: String)
            case completions(CompletionSuggest, text: String)
            /// The document of one of the completions, found again in the same view.
            case completed(CompletionSuggest, text: String, option: Int, SourceSelection)
        }

        struct Told: Codable, Sendable {
            var words: [String] = []
            var numbers: [Int] = []
            var options: [ShardCompletions.Option] = []
            var hit: Hit?
        }

        typealias Answer = Outcome<Told>
        static let method = "view.suggest"
        var place: Place
        var asked: Asked
    }

    /// Views that nobody needs any more, and those that somebody still does.
    struct Release: PeerQuestion {
        typealias Answer = Nothing
        static let method = "view.release"
        var views: [Int64]
    }

    struct Renew: PeerQuestion {
        typealias Answer = Nothing
        static let method = "view.renew"
        var views: [Int64]
    }
}
