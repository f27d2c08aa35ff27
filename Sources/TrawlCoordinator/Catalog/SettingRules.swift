internal import TrawlErrors
internal import TrawlJSON
internal import TrawlSchema

/// What may be set of an index, and when it may change: the rules are the schema's, the
/// catalog keeps the text.
package enum SettingRules {
    /// Refuses unknown names and values of the wrong kind.
    package static func check(_ settings: FlatSettings) throws {
        _ = try IndexSettings(.object(settings.flat))
    }

    /// What every index has without being told, for `include_defaults`.
    package static var defaults: FlatSettings {
        FlatSettings(IndexSettings().defaults.flatJSON, prefix: "index.")
    }

    /// Refuses what may not change: most things while an index is open, a few ever.
    package static func checkUpdate(
        _ update: FlatSettings, of indices: [IndexMetadata], keepingExisting: Bool
    ) throws {
        var json = update.flat
        for name in update.removals { json[name] = .null }
        for index in indices {
            _ = try IndexSettings(stored: .object(index.settings.flat)).updated(
                .object(json), index: "[\(index.name)/\(index.uuid)]", isClosed: !index.isOpen,
                preservesExisting: keepingExisting)
        }
    }
}
