internal import TrawlHTTP
internal import TrawlJSON

/// `/`: who answers.
enum RootRoutes {
    static let routes: [Route] = [
        Route([.get], ["/"], lane: .immediate) { request, services in
            .value(services.banner(for: request.http))
        },
        Route([.get], ["/_health/live"], lane: .immediate) { _, _ in
            .value(["status": "live"])
        },
        Route([.get], ["/_health/ready"], lane: .immediate) { _, services in
            services.isReady
                ? .value(["status": "ready"]) : .value(["status": "starting"], status: 503)
        },
        Route([.get], ["/metrics"]) { _, services in
            APIResponse(200, .text(Metrics.text(services)))
                .adding("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        },
        Route([.get], ["/favicon.ico"], lane: .immediate) { _, _ in APIResponse(404, .empty) },
    ]
}
