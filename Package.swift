// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target: the compiler keeps the floors apart and marks what is unsafe.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
    .strictMemorySafety(),
    .define("TRAWL_CHECKS", .when(configuration: .debug)),
]

/// A room: one library target that may import only what it names.
func room(_ name: String, imports: [String] = []) -> Target {
    .target(name: name, dependencies: imports.map { .byName(name: $0) }, swiftSettings: house)
}

/// The tests of a room. They may look into the rooms below it, too.
///
/// - Parameter data: Folders of files that tests find by their own path.
func tests(
    of name: String, imports: [String] = [], data: [String] = [], resources: [Resource] = []
) -> Target {
    .testTarget(
        name: name + "Tests",
        dependencies: Set([name, "TrawlTestKit"] + imports).sorted().map { .byName(name: $0) },
        exclude: data,
        resources: resources,
        swiftSettings: house)
}

/// A C library of the system: thin module map, package from Debian.
func system(_ name: String, pkgConfig: String? = nil, apt: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

let package = Package(
    name: "trawl",
    products: [
        .executable(name: "trawl", targets: ["trawl"]),
        // The engine within a program: `EmbeddedNode`.
        .library(name: "Trawl", targets: ["TrawlNode"]),
    ],
    targets: [
        // C: kernels of our own, shims, and the system's libraries
        .target(name: "CKernels"),
        .target(
            name: "CICU", linkerSettings: [.linkedLibrary("icuuc"), .linkedLibrary("icui18n")]),
        system("CStemmer", apt: "libstemmer-dev"),
        .target(name: "CPosix"),
        .target(name: "CMicrohttpd", linkerSettings: [.linkedLibrary("microhttpd")]),
        system("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),
        system("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
        system("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
        system("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
        system("CPostgres", apt: "libpq-dev"),

        // Floor 0: ground
        room("TrawlErrors"),
        room("TrawlBytes", imports: ["TrawlErrors", "CKernels"]),
        room("TrawlJSON", imports: ["TrawlErrors", "CKernels"]),
        room("TrawlFiles", imports: ["TrawlBytes", "TrawlErrors", "CPosix"]),
        room("TrawlThreads", imports: ["CPosix"]),

        // Floor 1: documents
        room("TrawlDocument", imports: ["TrawlErrors"]),
        room("TrawlAnalysis", imports: ["TrawlErrors", "TrawlJSON", "CICU", "CStemmer"]),
        room(
            "TrawlSchema",
            imports: ["TrawlAnalysis", "TrawlDocument", "TrawlJSON", "TrawlErrors"]),

        room(
            "TrawlIngest",
            imports: ["TrawlJSON", "TrawlBytes", "TrawlErrors", "CZlib", "CZstd"]),
        room("TrawlScript", imports: ["TrawlSchema", "TrawlJSON", "TrawlErrors"]),
        room(
            "TrawlPipeline",
            imports: [
                "TrawlScript", "TrawlSchema", "TrawlAnalysis", "TrawlJSON", "TrawlErrors",
            ]),

        // Floor 2: one index
        room("TrawlPostings", imports: ["TrawlBytes", "TrawlErrors", "CKernels"]),
        room(
            "TrawlSegment",
            imports: [
                "TrawlPostings", "TrawlSchema", "TrawlFiles", "TrawlBytes", "TrawlErrors", "CZstd",
            ]),
        room("TrawlQuery", imports: ["TrawlDocument", "TrawlJSON", "TrawlErrors"]),
        room(
            "TrawlSearch",
            imports: [
                "TrawlQuery", "TrawlIndex", "TrawlSegment", "TrawlPostings", "TrawlScript",
                "TrawlSchema", "TrawlAnalysis", "TrawlJSON", "TrawlBytes", "TrawlErrors",
                "CKernels",
            ]),
        room(
            "TrawlIndex",
            imports: [
                "TrawlSegment", "TrawlPostings", "TrawlSchema", "TrawlFiles", "TrawlBytes",
                "TrawlErrors",
            ]),

        // Floor 3: one shard
        room(
            "TrawlLog",
            imports: ["TrawlDocument", "TrawlFiles", "TrawlThreads", "TrawlBytes", "TrawlErrors"]),
        room(
            "TrawlShard",
            imports: [
                "TrawlLog", "TrawlThreads", "TrawlIndex", "TrawlSegment", "TrawlSchema",
                "TrawlScript", "TrawlAnalysis", "TrawlDocument", "TrawlJSON", "TrawlFiles",
                "TrawlBytes", "TrawlErrors",
            ]),

        room(
            "TrawlCapture",
            imports: [
                "TrawlLog", "TrawlDocument", "TrawlThreads", "TrawlFiles", "TrawlJSON",
                "TrawlBytes", "TrawlErrors", "CSQLite", "CPostgres",
            ]),

        // Floor 4: many nodes
        room("TrawlCluster", imports: ["TrawlBytes", "TrawlErrors"]),
        room(
            "TrawlCoordinator",
            imports: [
                "TrawlCluster", "TrawlQuery", "TrawlPipeline", "TrawlSchema", "TrawlAnalysis",
                "TrawlDocument", "TrawlFiles", "TrawlJSON", "TrawlBytes", "TrawlErrors",
            ]),

        room("TrawlSimulation", imports: ["TrawlCluster"]),
        room(
            "TrawlMetadata",
            imports: ["TrawlLog", "TrawlFiles", "TrawlThreads", "TrawlBytes", "TrawlErrors"]),

        // Floor 5: edges
        room("TrawlHTTP", imports: ["TrawlErrors", "CMicrohttpd", "CZlib", "CCurl"]),
        room("TrawlTransport", imports: ["TrawlThreads", "TrawlBytes", "TrawlErrors"]),
        room(
            "TrawlAPI",
            imports: [
                "TrawlHTTP", "TrawlCoordinator", "TrawlCapture", "TrawlLog", "TrawlPipeline",
                "TrawlScript", "TrawlQuery", "TrawlSchema", "TrawlAnalysis", "TrawlDocument",
                "TrawlJSON",
                "TrawlErrors",
            ]),

        // Floor 6: one process
        room(
            "TrawlNode",
            imports: [
                "TrawlAPI", "TrawlHTTP", "TrawlTransport", "TrawlMetadata", "TrawlCluster",
                "TrawlCapture", "TrawlThreads", "TrawlCoordinator", "TrawlShard", "TrawlSearch",
                "TrawlIndex", "TrawlSegment", "TrawlPostings", "TrawlLog", "TrawlQuery",
                "TrawlSchema",
                "TrawlAnalysis", "TrawlDocument", "TrawlFiles", "TrawlJSON", "TrawlBytes",
                "TrawlErrors",
            ]),
        room("TrawlEval", imports: ["TrawlJSON", "TrawlErrors"]),

        // Floor 7: command line
        .executableTarget(
            name: "trawl",
            dependencies: [
                "TrawlErrors",
                "TrawlBytes",
                "TrawlJSON",
                "TrawlFiles",
                "TrawlAnalysis",
                "TrawlSchema",
                "TrawlIngest",
                "TrawlPostings",
                "TrawlSegment",
                "TrawlIndex",
                "TrawlSearch",
                "TrawlLog",
                "TrawlShard",
                "TrawlDocument",
                "TrawlThreads",
                "TrawlSimulation",
                "TrawlHTTP",
                "TrawlNode",
                "TrawlEval",
            ], swiftSettings: house),

        // Tests
        .target(
            name: "TrawlTestKit",
            dependencies: ["TrawlErrors", "TrawlBytes", "TrawlFiles", "TrawlJSON"],
            path: "Tests/TrawlTestKit", swiftSettings: house),
        tests(of: "TrawlEval", imports: ["TrawlJSON", "TrawlErrors"]),
        tests(of: "TrawlBytes", imports: ["TrawlErrors", "CKernels"]),
        tests(of: "TrawlPostings", imports: ["TrawlBytes"]),
        tests(
            of: "TrawlSearch",
            imports: [
                "TrawlPostings", "TrawlSegment", "TrawlBytes", "TrawlQuery", "TrawlSchema",
                "TrawlAnalysis", "TrawlJSON", "TrawlFiles", "TrawlIndex", "TrawlErrors",
            ]),
        tests(
            of: "TrawlSegment",
            imports: ["TrawlBytes", "TrawlFiles", "TrawlPostings", "TrawlSchema"]),
        tests(
            of: "TrawlIndex",
            imports: ["TrawlBytes", "TrawlFiles", "TrawlPostings", "TrawlSchema", "TrawlSegment"],
            data: ["Golden"]),
        tests(of: "TrawlCluster"),
        tests(of: "TrawlIngest", imports: ["TrawlJSON"]),
        tests(of: "TrawlSimulation"),
        tests(
            of: "trawl",
            imports: [
                "TrawlErrors", "TrawlFiles", "TrawlIndex", "TrawlSchema", "TrawlSegment",
                "TrawlEval", "TrawlJSON",
            ]),
        .testTarget(
            name: "TrawlTestKitTests", dependencies: ["TrawlTestKit", "TrawlFiles"],
            swiftSettings: house),
        tests(
            of: "TrawlShard",
            imports: [
                "TrawlLog", "TrawlThreads", "TrawlIndex", "TrawlSchema", "TrawlAnalysis",
                "TrawlDocument",
                "TrawlJSON", "TrawlFiles", "TrawlBytes", "TrawlErrors",
            ]),
        tests(
            of: "TrawlLog",
            imports: ["TrawlThreads", "TrawlDocument", "TrawlFiles", "TrawlErrors", "TrawlBytes"]),
        tests(
            of: "TrawlCapture",
            imports: [
                "TrawlBytes", "TrawlErrors", "TrawlFiles", "TrawlHTTP", "TrawlJSON", "TrawlLog",
                "TrawlThreads",
            ]),
        tests(of: "TrawlFiles", imports: ["TrawlErrors"]),
        tests(of: "TrawlJSON", imports: ["TrawlErrors"]),
        tests(of: "TrawlQuery", imports: ["TrawlJSON", "TrawlErrors"]),
        tests(of: "TrawlHTTP", imports: ["TrawlErrors"]),
        tests(of: "TrawlTransport", imports: ["TrawlBytes", "TrawlErrors", "TrawlThreads"]),
        tests(of: "TrawlMetadata", imports: ["TrawlErrors", "TrawlFiles", "TrawlThreads"]),
        tests(
            of: "TrawlNode", imports: ["TrawlErrors", "TrawlFiles", "TrawlHTTP", "TrawlJSON"]),
        .testTarget(
            name: "TrawlAPITests",
            dependencies: [
                "TrawlAPI", "TrawlNode", "TrawlCoordinator", "TrawlFiles", "TrawlHTTP",
                "TrawlJSON", "TrawlTestKit",
            ], exclude: ["Scenarios"], swiftSettings: house),
        tests(of: "TrawlScript", imports: ["TrawlSchema", "TrawlJSON", "TrawlErrors"]),
        tests(of: "TrawlPipeline", imports: ["TrawlScript", "TrawlJSON", "TrawlErrors"]),
        .testTarget(
            // Through processes of the real binary, which is built with the tests.
            name: "TrawlClusterProcessTests", dependencies: ["trawl", "TrawlHTTP", "TrawlJSON"],
            swiftSettings: house),
        tests(of: "TrawlAnalysis", imports: ["TrawlErrors", "TrawlJSON"]),
        tests(of: "TrawlSchema", imports: ["TrawlAnalysis", "TrawlJSON", "TrawlErrors"]),
    ]
)
