/// The languages there are analyzers for, and what the `_language_` lists of stop words hold.
enum Language {
    static func stopWords(named name: String) -> [String]? {
        switch name {
        case "english": English.stopWords
        default: nil
        }
    }
}
