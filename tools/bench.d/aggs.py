#!/usr/bin/env python3
"""The documents of `trawl bench aggs`, and the same aggregations by tantivy's wheel.

    aggs.py documents FILE [COUNT]     writes JSON lines, always the same ones
    aggs.py tantivy FILE DIR [ROUNDS]  one line of JSON for each aggregation
"""
import json, os, random, sys, time


def documents(path, count):
    rng = random.Random(7)
    words = [f"{rng.randrange(16**8):08x}" for _ in range(1000)]
    with open(path, "w") as out:
        for _ in range(count):
            out.write(json.dumps({
                "k": words[min(rng.randrange(1000), rng.randrange(1000))],
                "n": rng.randrange(1_000_000),
                "d": round(rng.expovariate(0.01), 2),
                "on": 1_600_000_000_000 + rng.randrange(365 * 86_400_000),
            }) + "\n")


REQUESTS = {
    "terms": {"terms": {"field": "k"}},
    "terms_avg": {"terms": {"field": "k"}, "aggs": {"b": {"avg": {"field": "d"}}}},
    "date_histogram": {"date_histogram": {"field": "on", "fixed_interval": "1d"}},
    "histogram": {"histogram": {"field": "n", "interval": 1000}},
    "stats": {"stats": {"field": "d"}},
    "avg": {"avg": {"field": "n"}},
    "cardinality": {"cardinality": {"field": "n"}},
    "cardinality_k": {"cardinality": {"field": "k"}},
}


def tantivy(path, directory, rounds):
    import datetime
    import tantivy
    if not os.path.isdir(directory):
        os.makedirs(directory)
        schema = (
            tantivy.SchemaBuilder()
            .add_text_field("k", fast=True, tokenizer_name="raw", index_option="basic")
            .add_integer_field("n", fast=True)
            .add_float_field("d", fast=True)
            .add_date_field("on", fast=True)
            .build())
        index = tantivy.Index(schema, path=directory)
        writer = index.writer(heap_size=1_000_000_000, num_threads=1)
        for line in open(path):
            source = json.loads(line)
            document = tantivy.Document()
            document.add_text("k", source["k"])
            document.add_integer("n", source["n"])
            document.add_float("d", source["d"])
            document.add_date("on", datetime.datetime.fromtimestamp(
                source["on"] / 1000, datetime.timezone.utc))
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
    index = tantivy.Index.open(directory)
    searcher = index.searcher()
    everything = tantivy.Query.all_query()
    for name, request in REQUESTS.items():
        times = []
        for _ in range(rounds):
            started = time.thread_time_ns()
            answer = searcher.aggregate(everything, {"a": request})
            times.append((time.thread_time_ns() - started) / 1e6)
        times.sort()
        if isinstance(answer, str):
            answer = json.loads(answer)
        found = answer["a"]
        value = len(found["buckets"]) if "buckets" in found else found.get("value", found.get("avg"))
        print(json.dumps({
            "engine": "tantivy", "name": name, "least_ms": round(times[0], 3),
            "median_ms": round(times[len(times) // 2], 3), "value": value,
            "segments": searcher.num_segments}))


if __name__ == "__main__":
    if sys.argv[1] == "documents":
        documents(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000)
    else:
        tantivy(sys.argv[2], sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else 7)
