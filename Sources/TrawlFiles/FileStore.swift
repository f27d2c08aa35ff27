/// One directory of files, and all that is done to them. The only way to the file system.
///
/// Most files are written once: created, appended to, synced, closed, and from then on only
/// mapped or removed. What must change is replaced atomically. The log's files grow.
///
/// A file is durable when it was synced **and** its directory was synced after it got its name.
package protocol FileStore: Sendable {
    /// Where this is, for messages.
    var path: String { get }

    /// The directory of that name below this one; made, durably, when it is not there.
    func directory(_ name: String) throws(FileError) -> any FileStore
    /// The names of the directories below this one, sorted.
    func directories() throws(FileError) -> [String]
    /// Removes the directory of that name and all that is in it.
    func removeDirectory(_ name: String) throws(FileError)

    /// Makes a new file. It is an error if there is one of the name.
    func create(_ file: String) throws(FileError) -> any FileWriter
    /// Opens a file that grows, making it when it is not there.
    func grow(_ file: String) throws(FileError) -> any GrowingFile
    /// The whole content, kept until the last reference to the result goes.
    func map(_ file: String) throws(FileError) -> MappedFile
    func readAll(_ file: String) throws(FileError) -> [UInt8]
    /// The new content stands durably in place of the old, or the old one stays: written beside,
    /// synced, renamed, the directory synced.
    func replaceAtomically(_ file: String, with bytes: [UInt8]) throws(FileError)

    func rename(_ file: String, to newName: String) throws(FileError)
    func remove(_ file: String) throws(FileError)
    /// The names of the files in this directory, sorted.
    func list() throws(FileError) -> [String]
    func exists(_ file: String) -> Bool
    func byteCount(of file: String) throws(FileError) -> Int
    /// Makes the names of all files in this directory durable.
    func syncDirectory() throws(FileError)
    /// How many bytes may still be written to the device.
    func freeByteCount() throws(FileError) -> Int

    /// Takes the directory for this process, or says who has it.
    ///
    /// - Parameter holder: What others are told about us besides the process id, such as a URL.
    func lock(holder: String?) throws(FileError) -> DirectoryLock
}

extension FileStore {
    package func lock() throws(FileError) -> DirectoryLock { try lock(holder: nil) }

    /// Writes a new file whole and syncs it. The directory must be synced by the caller.
    package func write(_ file: String, bytes: [UInt8]) throws(FileError) {
        let writer = try create(file)
        try writer.append(bytes)
        try writer.sync()
        try writer.close()
    }
}

/// Appends to one new file.
///
/// After a failed sync every later call fails: the system may have thrown away what it could not
/// write, and a second sync that succeeds would prove nothing.
package protocol FileWriter: AnyObject {
    var path: String { get }
    /// How long the file is with everything appended so far.
    var byteCount: Int { get }
    func append(_ bytes: UnsafeRawBufferPointer) throws(FileError)
    /// Content is durable when this returns (its name not before `syncDirectory`).
    func sync() throws(FileError)
    func close() throws(FileError)
}

extension FileWriter {
    package func append(_ bytes: [UInt8]) throws(FileError) { try append(bytes[...]) }

    package func append(_ bytes: ArraySlice<UInt8>) throws(FileError) {
        let result: Result<Void, FileError> = unsafe bytes.withUnsafeBytes { raw in
            Result { () throws(FileError) in try unsafe append(raw) }
        }
        try result.get()
    }
}

/// A file that is read while it grows: the log's. Reads may run beside one appender.
package protocol GrowingFile: FileWriter, Sendable {
    /// The bytes of the range.
    func read(_ range: Range<Int>) throws(FileError) -> [UInt8]
    /// Cuts the file; what comes after is gone.
    func truncate(to byteCount: Int) throws(FileError)
    /// Asks the device for room up to this length; the file's length stays.
    func reserve(byteCount: Int) throws(FileError)
}
