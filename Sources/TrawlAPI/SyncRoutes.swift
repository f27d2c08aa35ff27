internal import TrawlCapture
internal import TrawlHTTP
internal import TrawlJSON

/// `/_trawl/sync`: following primary stores.
enum SyncRoutes {
    static let routes: [Route] = [
        Route([.get], ["/_trawl/sync"]) { _, services in
            let all = try service(services).all.map(\.status.json)
            return .value(["syncs": .array(all)])
        },
        Route([.put, .post], ["/_trawl/sync/{name}"], "") { request, services in
            let configuration = try CaptureConfiguration(json: try request.body())
            try service(services).add(request.named("name"), configuration)
            return .acknowledged
        },
        Route([.get], ["/_trawl/sync/{name}"]) { request, services in
            let pump = try pump(request, services)
            var value = pump.status.json
            value["configuration"] = pump.configuration.json(showsSecrets: false)
            return .value(value)
        },
        Route([.delete], ["/_trawl/sync/{name}"], "force") { request, services in
            try service(services).remove(
                request.named("name"), isForced: try request.bool("force"))
            return .acknowledged
        },
        Route([.post], ["/_trawl/sync/{name}/_pause"]) { request, services in
            try pump(request, services).pause()
            return .acknowledged
        },
        Route([.post], ["/_trawl/sync/{name}/_resume"]) { request, services in
            try pump(request, services).resume()
            return .acknowledged
        },
        Route([.post], ["/_trawl/sync/{name}/_resync"]) { request, services in
            try service(services).resync(request.named("name"))
            return .acknowledged
        },
        Route([.post], ["/_trawl/sync/{name}/_rebuild"]) { request, services in
            try pump(request, services).rebuild()
            return .acknowledged
        },
        Route([.post], ["/_trawl/sync/{name}/_verify"], "repair") { request, services in
            let number = try pump(request, services).verify(repairs: try request.bool("repair"))
            return .value(["proof": JSONValue(number)])
        },
        Route([.get], ["/_trawl/sync/{name}/_proofs"]) { request, services in
            .value(["proofs": .array(try pump(request, services).proofs.map(\.json))])
        },
        Route([.get], ["/_trawl/sync/{name}/_proofs/{number}"]) { request, services in
            let pump = try pump(request, services)
            guard let proof = pump.proofs.first(where: { String($0.number) == request["number"] })
            else {
                throw APIError.resourceNotFound(
                    "[\(pump.name)] keeps no proof [\(request.named("number"))]")
            }
            return .value(proof.json)
        },
        Route([.get], ["/_trawl/sync/{name}/_letters"]) { request, services in
            .value(["letters": try pump(request, services).letters.json])
        },
        Route([.post], ["/_trawl/sync/{name}/_letters/_replay"]) { request, services in
            try pump(request, services).replayLetters()
            return .acknowledged
        },
    ]

    static func service(_ services: Services) throws -> CaptureService {
        guard let capture = services.capture else {
            throw APIError.illegalArgument(
                "a primary store is followed by a node that runs: start trawl serve")
        }
        return capture
    }

    private static func pump(_ request: APIRequest, _ services: Services) throws -> CapturePump {
        try service(services).pump(request.named("name"))
    }
}
