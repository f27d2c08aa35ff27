internal import CCurl
internal import Glibc
internal import Synchronization

/// Sends requests over libcurl, keeping connections open between them.
///
/// A call blocks its thread until the answer is whole. Handles are kept and given to whoever
/// calls next, so as many connections are open as there were callers at once.
package final class HTTPClient: Sendable {
    package let base: String
    private let idle = Mutex<[Handle]>([])
    private let timeout: Duration

    /// - Parameter base: Scheme, host and port, such as `http://127.0.0.1:9200`.
    package init(base: String, timeout: Duration = .seconds(60)) {
        var base = base
        while base.hasSuffix("/") { base.removeLast() }
        self.base = base.contains("://") ? base : "http://" + base
        self.timeout = timeout
        _ = Self.started
    }

    deinit {
        idle.withLock { handles in
            for handle in handles { unsafe curl_easy_cleanup(handle.pointer) }
        }
    }

    /// - Parameter target: Path and query, already escaped.
    package func send(
        _ method: HTTPRequest.Method, _ target: String,
        headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) throws(HTTPError) -> HTTPResponse {
        let taken = idle.withLock { $0.popLast() }
        guard
            let handle = unsafe taken
                ?? curl_easy_init().map({ unsafe Handle(pointer: $0) })
        else { throw HTTPError(problem: .cannotConnect, detail: "libcurl does not start") }
        defer { idle.withLock { $0.append(handle) } }
        let curl = unsafe handle.pointer
        unsafe curl_easy_reset(curl)
        unsafe ccurl_text(curl, CURLOPT_URL, base + target)
        unsafe ccurl_text(curl, CURLOPT_CUSTOMREQUEST, method.rawValue)
        unsafe ccurl_long(curl, CURLOPT_NOSIGNAL, 1)
        unsafe ccurl_text(curl, CURLOPT_ACCEPT_ENCODING, "")
        unsafe ccurl_long(
            curl, CURLOPT_TIMEOUT_MS, Int(timeout / .milliseconds(1)))
        if method == .head { unsafe ccurl_long(curl, CURLOPT_NOBODY, 1) }
        var list: UnsafeMutablePointer<curl_slist>?
        for (name, value) in headers {
            unsafe list = curl_slist_append(list, "\(name): \(value)")
        }
        // Bodies go out with the headers: nobody is asked first.
        unsafe list = curl_slist_append(list, "Expect:")
        unsafe ccurl_pointer(curl, CURLOPT_HTTPHEADER, list)
        defer { unsafe curl_slist_free_all(list) }
        let answer = Answer()
        let context = unsafe Unmanaged.passUnretained(answer).toOpaque()
        unsafe ccurl_callback(curl, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            let answer = unsafe Unmanaged<Answer>.fromOpaque(context!).takeUnretainedValue()
            unsafe answer.body.append(
                contentsOf: UnsafeRawBufferPointer(start: bytes, count: size * count))
            return size * count
        }
        unsafe ccurl_pointer(curl, CURLOPT_WRITEDATA, context)
        unsafe ccurl_callback(curl, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            let answer = unsafe Unmanaged<Answer>.fromOpaque(context!).takeUnretainedValue()
            unsafe answer.addHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
            return size * count
        }
        unsafe ccurl_pointer(curl, CURLOPT_HEADERDATA, context)
        let code = unsafe body.withUnsafeBytes { bytes in
            if !body.isEmpty {
                unsafe ccurl_large(curl, CURLOPT_POSTFIELDSIZE_LARGE, bytes.count)
                unsafe ccurl_pointer(curl, CURLOPT_POSTFIELDS, bytes.baseAddress)
            } else if method == .post || method == .put {
                unsafe ccurl_large(curl, CURLOPT_POSTFIELDSIZE_LARGE, 0)
                unsafe ccurl_text(curl, CURLOPT_POSTFIELDS, "")
            }
            return unsafe curl_easy_perform(curl)
        }
        guard code == CURLE_OK else {
            let reason = unsafe String(cString: curl_easy_strerror(code))
            throw HTTPError(
                problem: code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST
                    ? .cannotConnect : .noAnswer, detail: "\(base): \(reason)")
        }
        return HTTPResponse(
            status: unsafe ccurl_status(curl), headers: answer.headers, body: answer.body)
    }

    private static let started: Void = { _ = curl_global_init(Int(CURL_GLOBAL_ALL)) }()

    /// `@unchecked`: a handle is in `idle` or with the one caller that took it out.
    @safe private struct Handle: @unchecked Sendable {
        let pointer: UnsafeMutableRawPointer
    }

    private final class Answer {
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []

        func addHeader(_ bytes: UnsafeRawBufferPointer) {
            let line = unsafe String(decoding: bytes, as: UTF8.self)
            // A new status line begins the headers anew: those before were of a `100 Continue`.
            if line.hasPrefix("HTTP/") { headers = [] }
            guard let colon = line.firstIndex(of: ":") else { return }
            let value = line[line.index(after: colon)...]
            headers.append(
                (
                    String(line[..<colon]),
                    String(value.drop { $0 == " " }.prefix { $0 != "\r\n" && $0 != "\r" })
                ))
        }
    }
}
