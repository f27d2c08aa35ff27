internal import TrawlBytes

@main
enum Trawl {
    static func main() {
        print("trawl \(Checksum.of("trawl".utf8))")
    }
}
