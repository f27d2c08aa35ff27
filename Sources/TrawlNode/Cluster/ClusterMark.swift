internal import TrawlCoordinator
internal import TrawlErrors
internal import TrawlFiles
internal import TrawlJSON

/// A file in the data of a node that was part of a cluster, so that it is not started as something
/// else by mistake: alone it would answer with what it happens to have.
enum ClusterMark {
    static let fileName = "cluster.json"

    static func check(_ store: any FileStore, _ configuration: NodeConfiguration) throws {
        let known =
            store.exists(fileName)
            ? try JSONValue.parse(try store.readAll(fileName))["cluster_name"]?.stringValue : nil
        if let known, configuration.cluster == nil || configuration.clusterName != known {
            throw CoordinatorError(
                .invalidRequest, "cluster_data_exception",
                "the data belongs to the cluster [\(known)]: start the node with --cluster-name "
                    + "\(known), --secret-file and, unless it is the first node, --join")
        }
        guard configuration.cluster != nil, known == nil else { return }
        let value: JSONValue = ["cluster_name": .string(configuration.clusterName)]
        try store.replaceAtomically(fileName, with: value.serialized(pretty: true))
    }
}
