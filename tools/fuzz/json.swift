// The target of tools/fuzz/run: whatever the bytes, the parser answers, and what it accepts it
// writes back to the same value.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = unsafe UnsafeBufferPointer(start: start, count: count)
    do {
        let value = try unsafe JSONValue.parse(input)
        let text = value.serialized()
        let again = try JSONValue.parse(text)
        precondition(again == value, "written and read, the value differs")
        precondition(again.serialized() == text, "written twice, the text differs")
        let slice = try JSONSlice(parsing: Array(input))
        let sliced = try slice.value()
        precondition(sliced == value, "the slice holds another value")
    } catch {
        precondition(error.byteOffset >= 0 && error.byteOffset <= count, "an error beyond the end")
        precondition(error.line > 0 && error.column > 0)
    }
    return 0
}
