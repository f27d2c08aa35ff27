/// The built-in formats, by name, in the letters of `DatePattern`.
///
/// A `strict_` format wants every number at its full width; its lenient twin takes fewer digits.
enum DateFormatNames {
    static func pattern(of name: String) -> String? {
        if let pattern = patterns[name] { return pattern }
        // camelCase names of old versions.
        guard name.utf8.contains(where: { $0 >= 65 && $0 <= 90 }),
            name.utf8.allSatisfy({ $0 | 32 >= 97 && $0 | 32 <= 122 })
        else { return nil }
        var snake = ""
        for character in name {
            if character.isUppercase { snake += "_" }
            snake += character.lowercased()
        }
        return patterns[snake]
    }

    private static let strict: [(name: String, pattern: String)] = [
        ("date", "uuuu-MM-dd"),
        ("date_hour", "uuuu-MM-dd'T'HH"),
        ("date_hour_minute", "uuuu-MM-dd'T'HH:mm"),
        ("date_hour_minute_second", "uuuu-MM-dd'T'HH:mm:ss"),
        ("date_hour_minute_second_fraction", "uuuu-MM-dd'T'HH:mm:ss.f"),
        ("date_hour_minute_second_millis", "uuuu-MM-dd'T'HH:mm:ss.g"),
        ("date_time", "uuuu-MM-dd'T'HH:mm:ss.f@"),
        ("date_time_no_millis", "uuuu-MM-dd'T'HH:mm:ss@"),
        ("hour", "HH"),
        ("hour_minute", "HH:mm"),
        ("hour_minute_second", "HH:mm:ss"),
        ("hour_minute_second_fraction", "HH:mm:ss.f"),
        ("hour_minute_second_millis", "HH:mm:ss.g"),
        ("ordinal_date", "uuuu-DDD"),
        ("ordinal_date_time", "uuuu-DDD'T'HH:mm:ss.f@"),
        ("ordinal_date_time_no_millis", "uuuu-DDD'T'HH:mm:ss@"),
        ("time", "HH:mm:ss.f@"),
        ("time_no_millis", "HH:mm:ss@"),
        ("t_time", "'T'HH:mm:ss.f@"),
        ("t_time_no_millis", "'T'HH:mm:ss@"),
        ("week_date", "YYYY-'W'ww-e"),
        ("week_date_time", "YYYY-'W'ww-e'T'HH:mm:ss.f@"),
        ("week_date_time_no_millis", "YYYY-'W'ww-e'T'HH:mm:ss@"),
        ("weekyear", "YYYY"),
        ("weekyear_week", "YYYY-'W'ww"),
        ("weekyear_week_day", "YYYY-'W'ww-e"),
        ("year", "uuuu"),
        ("year_month", "uuuu-MM"),
        ("year_month_day", "uuuu-MM-dd"),
        ("date_optional_time", "uuuu[-MM[-dd]]['T'[HH[:mm[:ss[.f]{,f}]][@]]]"),
    ]

    private static let patterns: [String: String] = {
        var result: [String: String] = [
            "strict_date_optional_time_nanos": "uuuu[-MM[-dd]]['T'[HH[:mm[:ss[.f]{,f}]][@]]]",
            "iso8601": "uuuu[-MM[-dd]]['T'[HH[:mm[:ss[.f]{,f}]][@]]]",
            "rfc3339_lenient": "uuuu[-MM[-dd['T'HH:mm[:ss[.f]{,f}]@]]]",
            "basic_date": "uuuuMMdd",
            "basic_date_time": "uuuuMMdd'T'HHmmss.f@",
            "basic_date_time_no_millis": "uuuuMMdd'T'HHmmss@",
            "basic_ordinal_date": "uuuuDDD",
            "basic_ordinal_date_time": "uuuuDDD'T'HHmmss.f@",
            "basic_ordinal_date_time_no_millis": "uuuuDDD'T'HHmmss@",
            "basic_time": "HHmmss.f@",
            "basic_time_no_millis": "HHmmss@",
            "basic_t_time": "'T'HHmmss.f@",
            "basic_t_time_no_millis": "'T'HHmmss@",
            "week_year": "YYYY",
            // Without separators there is no lenient form.
            "basic_week_date": "YYYY'W'wwe",
            "strict_basic_week_date": "YYYY'W'wwe",
            "basic_week_date_time": "YYYY'W'wwe'T'HHmmss.f@",
            "strict_basic_week_date_time": "YYYY'W'wwe'T'HHmmss.f@",
            "basic_week_date_time_no_millis": "YYYY'W'wwe'T'HHmmss@",
            "strict_basic_week_date_time_no_millis": "YYYY'W'wwe'T'HHmmss@",
        ]
        for (name, pattern) in strict {
            result["strict_" + name] = pattern
            result[name] = lenient(pattern)
        }
        return result
    }()

    /// Every run of a number's letters becomes one letter, which takes any width.
    private static func lenient(_ pattern: String) -> String {
        var result = ""
        var isQuoted = false
        for character in pattern {
            if character == "'" { isQuoted.toggle() }
            if !isQuoted, character.isLetter, result.last == character { continue }
            result.append(character)
        }
        return result
    }
}
