/// An ordered, durable log of records. The bundled one is `LogPartition`; Kafka may stand in.
package protocol ChangeLog: Sendable {
    /// Appends and returns when the records are durable, with their offsets.
    func append(_ records: [LogRecord], producer: ProducerStamp?) throws(LogError) -> Range<Int64>
    /// Durable records from `offset` on, about `maxByteCount` bytes of them and at least one;
    /// none at the end.
    func read(from offset: Int64, maxByteCount: Int) throws(LogError) -> [LogRecord]
    /// The first offset that is still there.
    var startOffset: Int64 { get }
    /// The offset after the last durable record.
    var endOffset: Int64 { get }
    /// Counts leaders; `_primary_term` in the API.
    var epoch: Int64 { get }
    /// Which log this is: offsets of another log mean nothing here.
    var logID: UInt64 { get }
    /// Forgets records before `offset`, as far as whole files go.
    func truncate(before offset: Int64) throws(LogError)
}
