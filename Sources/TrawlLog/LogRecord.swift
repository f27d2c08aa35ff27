/// One record of a partition. The same thing as Kafka's.
package struct LogRecord: Sendable, Hashable {
    package struct Header: Sendable, Hashable {
        package var key: String
        package var value: [UInt8]?

        package init(_ key: String, _ value: [UInt8]?) {
            self.key = key
            self.value = value
        }
    }

    /// Its place in the partition; given by the log.
    package var offset: Int64
    /// Milliseconds since 1970.
    package var timestamp: Int64
    package var key: [UInt8]?
    /// Nil says that the key is no more.
    package var value: [UInt8]?
    package var headers: [Header]

    package init(
        key: [UInt8]?, value: [UInt8]?, headers: [Header] = [], timestamp: Int64 = 0,
        offset: Int64 = -1
    ) {
        self.key = key
        self.value = value
        self.headers = headers
        self.timestamp = timestamp
        self.offset = offset
    }

    package func header(_ key: String) -> [UInt8]? {
        headers.first { $0.key == key }?.value
    }
}

/// Who sent a batch, so that sending it again does not write it again.
package struct ProducerStamp: Sendable, Hashable {
    package var id: Int64
    package var epoch: Int16
    /// The sequence number of the batch's first record; it goes on with the next batch.
    package var sequence: Int32

    package init(id: Int64, epoch: Int16, sequence: Int32) {
        self.id = id
        self.epoch = epoch
        self.sequence = sequence
    }
}
