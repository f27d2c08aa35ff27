/// What every room throws: a reason, and what it means to the caller.
///
/// A message has three parts: what failed, where, and what to do about it.
public protocol TrawlError: Error, CustomStringConvertible {
    /// Decides the HTTP status, the exit status, and whether another copy of the shard is asked.
    var kind: ErrorKind { get }

    /// A stable name for machines, such as `unknown_field`. Messages may be reworded; codes may not.
    var code: String { get }
}
