internal import CStemmer

/// One of libstemmer's stemmers; for one thread at a time.
@safe final class SnowballStemmer: Stemmer {
    // From libstemmer: made in `init`, freed in `deinit`, never handed out.
    private let stemmer: OpaquePointer

    /// Longer terms are no words, and stay.
    private static let longest = 1000

    static let algorithms: Set<String> = {
        var names: Set<String> = []
        guard var entry = unsafe sb_stemmer_list() else { return names }
        while let name = unsafe entry.pointee {
            unsafe names.insert(String(cString: name))
            unsafe entry += 1
        }
        return names
    }()

    /// - Precondition: `algorithm` is one of `algorithms`.
    init(_ algorithm: String) {
        guard let made = unsafe sb_stemmer_new(algorithm, "UTF_8") else {
            preconditionFailure("libstemmer has no [\(algorithm)]")
        }
        unsafe stemmer = made
    }

    deinit { unsafe sb_stemmer_delete(stemmer) }

    func stem(_ term: Span<UInt8>) -> [UInt8]? {
        guard term.count <= Self.longest else { return nil }
        return unsafe term.withUnsafeBufferPointer { term in
            guard
                let result = unsafe sb_stemmer_stem(stemmer, term.baseAddress, Int32(term.count))
            else { return nil }
            let stem = unsafe UnsafeBufferPointer(
                start: result, count: Int(sb_stemmer_length(stemmer)))
            return unsafe stem.elementsEqual(term) ? nil : Array(stem)
        }
    }
}

/// A stemmer that works on code points, given by a function.
final class ScalarStemmer: Stemmer {
    private let change: (inout [UInt32]) -> Void
    private var scalars: [UInt32] = []

    init(_ change: @escaping (inout [UInt32]) -> Void) { self.change = change }

    func stem(_ term: Span<UInt8>) -> [UInt8]? {
        guard term.count <= 1000 else { return nil }
        scalars.removeAll(keepingCapacity: true)
        var at = 0
        while at < term.count {
            let scalar = term.scalar(at: at)
            scalars.append(scalar.value)
            at += scalar.byteCount
        }
        change(&scalars)
        let stem = [UInt8](scalars: scalars)
        if stem.count == term.count, stem.indices.allSatisfy({ stem[$0] == term[$0] }) {
            return nil
        }
        return stem
    }
}

/// Stemmers by the names that Elasticsearch gives them.
enum Stemmers {
    static func filter(named name: String) -> (any TokenFilter)? {
        switch name {
        case "english": return StemFilter { PorterTermStemmer() }
        case "porter2": return snowball("english")
        case "possessive_english": return EnglishPossessiveFilter()
        case "minimal_english": return light(MinimalStemming.english)
        case "light_french": return light(LightStemming.french)
        case "minimal_french": return light(MinimalStemming.french)
        case "light_german": return light(LightStemming.german)
        case "minimal_german": return light(MinimalStemming.german)
        case "german2": return snowball("german")
        case "light_italian": return light(LightStemming.italian)
        case "light_spanish": return light(LightStemming.spanish)
        case "light_portuguese": return light(LightStemming.portuguese)
        case "galician": return light(GalicianStemming.stem)
        case "minimal_galician": return light(MinimalStemming.galician)
        case "brazilian": return light(BrazilianStemming.stem)
        case "greek": return light(GreekStemming.stem)
        case "indonesian": return light(IndonesianStemming.stem)
        case "light_indonesian": return light(IndonesianStemming.stemLightly)
        case "arabic": return light(ArabicScript.stem)
        case "bengali": return light(IndicScript.stemBengali)
        case "hindi": return light(IndicScript.stemHindi)
        case "bulgarian": return light(SlavicStemming.bulgarian)
        case "czech": return light(SlavicStemming.czech)
        case "latvian": return light(BalticStemming.latvian)
        case "sorani": return light(ArabicScript.stemSorani)
        case "dutch_kp": return nil
        default: return SnowballStemmer.algorithms.contains(name) ? snowball(name) : nil
        }
    }

    static func snowball(_ algorithm: String) -> StemFilter {
        StemFilter { SnowballStemmer(algorithm) }
    }

    private static func light(_ change: @escaping @Sendable (inout [UInt32]) -> Void) -> StemFilter
    {
        StemFilter { ScalarStemmer(change) }
    }

    /// What the `snowball` filter calls a language: `English`, `German2`, `Porter`.
    static func snowballAlgorithm(_ language: String) -> String? {
        let name = language.lowercased()
        if name == "german2" { return "german" }
        if name == "kp" { return nil }
        return SnowballStemmer.algorithms.contains(name) ? name : nil
    }
}
