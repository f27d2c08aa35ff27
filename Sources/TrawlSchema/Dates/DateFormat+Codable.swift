/// Formats and zones travel between nodes as the texts that name them.
extension DateFormat: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(pattern)
    }
}

extension DecimalPattern: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(pattern)
    }
}

extension Zone: Codable {
    private enum CodingKeys: String, CodingKey { case seconds, region }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let seconds = try container.decodeIfPresent(Int.self, forKey: .seconds) {
            self = .fixed(seconds: seconds)
            return
        }
        let id = try container.decode(String.self, forKey: .region)
        guard let rules = ZoneRules.named(id) else {
            throw DecodingError.dataCorruptedError(
                forKey: .region, in: container,
                debugDescription: "this node knows no time zone \(id)")
        }
        self = .region(rules)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .fixed(let seconds): try container.encode(seconds, forKey: .seconds)
        case .region(let rules): try container.encode(rules.id, forKey: .region)
        }
    }
}
