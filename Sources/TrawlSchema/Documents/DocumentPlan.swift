internal import TrawlAnalysis

/// A mapping laid out for parsing documents: nodes in an array, children found by hash.
final class DocumentPlan: Sendable {
    /// A field that takes a value, and the nested document it goes to.
    struct Target: Sendable {
        var field: FieldNumber
        var type: any FieldType
        /// How many nested objects are around the field.
        var level: Int
    }

    struct Node: Sendable {
        enum Kind: Sendable {
            case object, field, alias, disabled
        }

        var kind: Kind
        var name: [UInt8]
        var path: String
        var dynamic = Mapping.Dynamic.yes
        /// How many nested objects are around it, itself included.
        var level = 0
        var nested: Mapping.Nested?
        var children = ChildTable()
        var targets: [Target] = []
        var takesTrees = false
        /// Where values are copied that no field is mapped for yet.
        var unmappedCopies: [String] = []
    }

    /// An open-addressed table of children by the bytes of their names.
    struct ChildTable: Sendable {
        private var slots: [Int32] = []

        init() {}

        init(_ children: [(name: [UInt8], node: Int32)]) {
            guard !children.isEmpty else { return }
            var capacity = 4
            while capacity < children.count * 2 { capacity *= 2 }
            slots = Array(repeating: -1, count: capacity)
            for child in children {
                var slot = Self.hash(child.name.span) & (capacity - 1)
                while slots[slot] >= 0 { slot = (slot + 1) & (capacity - 1) }
                slots[slot] = child.node
            }
        }

        func find(_ name: Span<UInt8>, in nodes: [Node]) -> Int32? {
            if slots.isEmpty { return nil }
            let mask = slots.count - 1
            var slot = Self.hash(name) & mask
            while true {
                let node = slots[slot]
                if node < 0 { return nil }
                if Self.isEqual(nodes[Int(node)].name, name) { return node }
                slot = (slot + 1) & mask
            }
        }

        private static func isEqual(_ left: [UInt8], _ right: Span<UInt8>) -> Bool {
            guard left.count == right.count else { return false }
            for index in left.indices where left[index] != right[index] { return false }
            return true
        }

        private static func hash(_ name: Span<UInt8>) -> Int {
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for index in name.indices {
                hash = (hash ^ UInt64(name[index])) &* 0x100_0000_01b3
            }
            return Int(truncatingIfNeeded: (hash ^ (hash >> 29)) & 0x7FFF_FFFF)
        }
    }

    let mapping: Mapping
    let nodes: [Node]
    let analyses: [DocumentBuilder.TextAnalysis?]
    let normalizers: [Analyzer?]
    let names: [[UInt8]]
    let isNamed: [Bool]

    init(mapping: Mapping, catalog: AnalyzerCatalog) throws(SchemaError) {
        self.mapping = mapping
        var nodes: [Node] = []
        var list: [Node] = []
        _ = DocumentPlan.add(mapping.object, dynamic: .yes, level: 0, mapping, to: &list)
        swap(&nodes, &list)
        self.nodes = nodes
        var analyses: [DocumentBuilder.TextAnalysis?] = []
        var normalizers: [Analyzer?] = []
        for field in mapping.fields {
            var analysis: DocumentBuilder.TextAnalysis?
            var normalizer: Analyzer?
            if let name = field.type.indexAnalyzer {
                let analyzer = try catalog.analyzer(forMapping: name.analyzer)
                analysis = .init(
                    analyzer: analyzer,
                    positionIncrementGap: Int32(
                        name.positionIncrementGap ?? analyzer.positionIncrementGap ?? 100))
            }
            if let name = field.type.normalizerName {
                guard let found = try? catalog.normalizer(named: name) else {
                    throw .mapperParsing(
                        "normalizer [\(name)] not found for field [\(field.path)]")
                }
                normalizer = found
            }
            analyses.append(analysis)
            normalizers.append(normalizer)
        }
        self.analyses = analyses
        self.normalizers = normalizers
        names = mapping.fields.map { Array($0.path.utf8) }
        isNamed = mapping.fields.map { !$0.isMetadata && $0.type.existence == .fieldNames }
    }

    /// Adds an object with all that is in it; returns its place.
    private static func add(
        _ object: Mapping.Object, dynamic inherited: Mapping.Dynamic, level: Int,
        _ mapping: Mapping, to nodes: inout [Node]
    ) -> Int32 {
        let place = nodes.count
        let level = level + (object.nested != nil ? 1 : 0)
        let dynamic = object.dynamic ?? inherited
        nodes.append(
            Node(
                kind: object.isEnabled ? .object : .disabled, name: Array(object.name.utf8),
                path: object.path, dynamic: dynamic, level: level, nested: object.nested))
        var children: [(name: [UInt8], node: Int32)] = []
        for (name, child) in object.children {
            let node: Int32
            switch child {
            case .object(let inner):
                node = add(inner, dynamic: dynamic, level: level, mapping, to: &nodes)
            case .leaf(let leaf):
                node = Int32(nodes.count)
                nodes.append(Self.node(of: leaf, level: level, mapping))
            case .alias(_, let path, _):
                node = Int32(nodes.count)
                nodes.append(Node(kind: .alias, name: Array(name.utf8), path: path))
            }
            children.append((Array(name.utf8), node))
        }
        nodes[place].children = ChildTable(children)
        return Int32(place)
    }

    private static func node(
        of leaf: Mapping.Leaf, level: Int, _ mapping: Mapping
    ) -> Node {
        var node = Node(kind: .field, name: Array(leaf.name.utf8), path: leaf.path, level: level)
        func add(_ leaf: Mapping.Leaf) {
            let paths = [leaf.path] + leaf.multiFields.values.map(\.path).sorted()
            for path in paths {
                guard let field = mapping.field(path) else { continue }
                let level = mapping.nestedPaths.count { path.hasPrefix($0 + ".") }
                node.targets.append(Target(field: field.number, type: field.type, level: level))
            }
        }
        add(leaf)
        for path in leaf.copyTo {
            if case .leaf(let target)? = mapping.node(path) {
                add(target)
            } else {
                node.unmappedCopies.append(path)
            }
        }
        node.takesTrees = node.targets.first?.type.takesTrees ?? false
        return node
    }
}

extension FieldType {
    /// The analyzer that turns the field's values into tokens, by the name in the mapping.
    package var indexAnalyzer: (analyzer: String, positionIncrementGap: Int?)? {
        switch self {
        case let text as TextType where text.storage.postings != .none:
            (text.analyzer, text.positionIncrementGap)
        case let count as TokenCountType: (count.analyzer, nil)
        case let completion as CompletionType: (completion.analyzer, nil)
        default: nil
        }
    }

    package var normalizerName: String? { (self as? KeywordType)?.normalizer }
}
