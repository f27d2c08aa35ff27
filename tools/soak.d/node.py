"""One node, killed again and again with kill -9 while clients write to it.

Each writer has keys of its own and does one thing at a time to one of them (put, add one by a script,
delete), again and again under one Idempotency-Key until it is acknowledged; one more appends batches
of additions to a topic, under a producer's numbers, which a route brings into another index. So what
every document has to be is known exactly, its version included. Meanwhile somebody refreshes, commits
and merges. What is checked at the end:

- nothing acknowledged is lost and nothing was applied twice: every document, its version and its source
  are what the acknowledged changes come to;
- a node that gets the same changes from zero, without any kill, holds the same: the digests over ids,
  versions and sources are equal, and a search finds what look-ups find;
- `trawl check` finds every byte as it was written.
"""
import hashlib, http.client, json, os, random, shutil, signal, subprocess, tempfile, threading, time


class Node:
    def __init__(self, binary, root, name):
        self.binary, self.data = binary, os.path.join(root, name)
        self.port_file, self.log = self.data + ".port", self.data + ".log"
        self.port, self.process = 0, None

    def start(self):
        if os.path.exists(self.port_file):
            os.remove(self.port_file)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--data", self.data, "--listen", "127.0.0.1:0",
                 "--port-file", self.port_file], stdout=log, stderr=log)
        end = time.time() + 60
        while True:
            if os.path.exists(self.port_file):
                text = open(self.port_file).read().strip()
                if text:
                    self.port = int(text)
                    return
            if self.process.poll() is not None or time.time() > end:
                raise SystemExit(f"the node does not start: {open(self.log).read()[-2000:]}")
            time.sleep(0.005)

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


class Client:
    """Keeps its connection while the node lives."""

    def __init__(self, node):
        self.node, self.connection, self.port = node, None, None

    def ask(self, method, path, body=None, headers={}):
        if self.connection is None or self.port != self.node.port:
            self.port = self.node.port
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            self.connection.request(
                method, path, json.dumps(body) if body is not None else None,
                {"Content-Type": "application/json", **headers})
            answer = self.connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        except (OSError, http.client.HTTPException, ValueError):
            self.connection.close()
            self.connection = None
            raise

    def insist(self, method, path, body, headers, stop, good):
        """Until it is acknowledged; None when there is no more time."""
        while not stop.is_set():
            try:
                status, answer = self.ask(method, path, body, headers)
                if status in good:
                    return status, answer
                if status < 500 and status != 429:
                    raise SystemExit(f"{method} {path}: {status} {answer}")
            except (OSError, http.client.HTTPException, ValueError):
                pass
            time.sleep(0.01)
        return None


ADD = {"script": "ctx._source.n += 1", "upsert": {"n": 1}}


class Model:
    """What the acknowledged changes come to."""

    def __init__(self):
        self.lock, self.documents, self.versions, self.changes = threading.Lock(), {}, {}, []

    def apply(self, key, kind, value):
        with self.lock:
            self.changes.append((key, kind, value))
            self.versions[key] = self.versions.get(key, 0) + 1
            if kind == "put":
                self.documents[key] = {"n": value, "text": f"value {value}"}
            elif kind == "delete":
                self.documents.pop(key, None)
            else:
                document = self.documents.get(key)
                self.documents[key] = {**document, "n": document["n"] + 1} if document else {"n": 1}


def request(key, kind, value):
    if kind == "put":
        return "PUT", f"/r/_doc/{key}", {"n": value, "text": f"value {value}"}
    if kind == "delete":
        return "DELETE", f"/r/_doc/{key}", None
    return "POST", f"/r/_update/{key}", ADD


def write(node, model, keys, seed, stop, halt):
    rng, client, number = random.Random(seed), Client(node), 0
    while not stop.is_set():
        number += 1
        key, kind = rng.choice(keys), rng.choice(["put", "add", "add", "delete"])
        headers = {"Idempotency-Key": f"{seed}-{number}"}
        # What was begun is brought to its end: only then is it known what has to be there.
        answer = client.insist(*request(key, kind, number), headers, halt, (200, 201, 404))
        if answer:
            model.apply(key, kind, number)


def append(node, counts, seed, stop, halt):
    rng, client, sequence = random.Random(seed), Client(node), 0
    while not stop.is_set():
        keys = [f"c{rng.randrange(8)}" for _ in range(rng.randint(1, 40))]
        body = {"partition": 0, "producer": {"id": 1, "epoch": 0, "sequence": sequence},
                "records": [{"key": k, "value": ADD, "headers": {"op": "update"}} for k in keys]}
        if client.insist("POST", "/_trawl/log/topics/adds/records", body, {}, halt, (200,)):
            sequence += len(keys)
            for key in keys:
                counts[key] = counts.get(key, 0) + 1
        time.sleep(0.005)


def disturb(node, seed, stop):
    rng, client = random.Random(seed), Client(node)
    while not stop.is_set():
        time.sleep(rng.uniform(0.01, 0.2))
        try:
            client.ask("POST", "/r/" + rng.choice(
                ["_refresh", "_flush", "_flush", "_forcemerge?max_num_segments=1"]))
        except (OSError, http.client.HTTPException, ValueError):
            pass


def content(client, index):
    """id, version and source of every document, as a search finds them."""
    status, answer = client.ask("POST", f"/{index}/_refresh")
    assert status == 200, answer
    status, found = client.ask(
        "POST", f"/{index}/_search", {"size": 10000, "version": True, "sort": ["_doc"]})
    assert status == 200 and not found["_shards"]["failed"], found
    return {h["_id"]: (h["_version"], h["_source"]) for h in found["hits"]["hits"]}


def digest(documents):
    text = "\n".join(json.dumps([i, *documents[i]], sort_keys=True) for i in sorted(documents))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def replay(node, model, threads=4):
    """The same changes from zero, those of a key in their order."""
    def send(mine):
        client = Client(node)
        for key, kind, value in model.changes:
            if hash(key) % threads == mine:
                status, answer = client.ask(*request(key, kind, value))
                assert status in (200, 201, 404), answer
    workers = [threading.Thread(target=send, args=(i,)) for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def prepare(node):
    client = Client(node)
    status, answer = client.ask("PUT", "/r", {"settings": {"number_of_shards": 3}})
    assert status == 200, answer
    return client


def run(options):
    seed = options.seed
    rng = random.Random(seed)
    root = tempfile.mkdtemp(prefix="trawl-soak-")
    print(f"seed {seed}", flush=True)
    node, reference = Node(options.binary, root, "node"), Node(options.binary, root, "reference")
    model, counts, violations = Model(), {}, []
    stop, halt = threading.Event(), threading.Event()
    try:
        node.start()
        client = prepare(node)
        assert client.ask("PUT", "/_trawl/log/topics/adds")[0] == 200
        assert client.ask("PUT", "/_trawl/log/routes/adds",
                          {"topic": "adds", "index": "counts"})[0] == 200
        threads = [threading.Thread(target=write, args=(
            node, model, [f"w{w}-{k}" for k in range(12)], rng.random(), stop, halt))
            for w in range(4)]
        threads.append(threading.Thread(
            target=append, args=(node, counts, rng.random(), stop, halt)))
        threads.append(threading.Thread(target=disturb, args=(node, rng.random(), stop)))
        for thread in threads:
            thread.start()
        began, rounds = time.time(), 0
        while rounds < options.rounds and time.time() - began < options.seconds:
            time.sleep(rng.uniform(0.02, 0.6))
            node.kill()
            node.start()
            rounds += 1
        stop.set()
        for thread in threads:
            thread.join(60)
        halt.set()
        kills = time.time() - began
        client, end = Client(node), time.time() + 60
        while True:
            status, answer = client.ask("GET", "/_trawl/log/routes")
            if all(d["lag"] == 0 for d in answer["routes"][0]["deliveries"]):
                break
            if time.time() > end:
                violations.append(f"the route does not come to its end: {answer}")
                break
            time.sleep(0.05)
        found = content(client, "r")
        wanted = {k: (model.versions[k], d) for k, d in model.documents.items()}
        for key in sorted(set(found) | set(wanted)):
            if found.get(key) != wanted.get(key):
                violations.append(f"{key} is {found.get(key)}, acknowledged {wanted.get(key)}")
            status, answer = client.ask("GET", f"/r/_doc/{key}")
            looked = (answer["_version"], answer["_source"]) if status == 200 else None
            if looked != found.get(key):
                violations.append(f"{key}: a look-up says {looked}, a search {found.get(key)}")
        delivered = {k: d["n"] for k, (_, d) in content(client, "counts").items()}
        if delivered != counts:
            violations.append(f"the topic's counts are {delivered}, appended {counts}")
        status, letters = client.ask("GET", "/_trawl/log/letters")
        if letters["letters"]:
            violations.append(f"dead letters: {letters}")
        reference.start()
        replay(reference, model) if prepare(reference) else None
        sums = digest(found), digest(content(Client(reference), "r"))
        if sums[0] != sums[1]:
            violations.append(f"the digest is {sums[0]}, of a replay from zero {sums[1]}")
        # It commits what it stops with.
        node.process.send_signal(signal.SIGTERM)
        node.process.wait()
        checked = subprocess.run(
            [options.binary, "check", node.data], capture_output=True, text=True)
        if checked.returncode != 0:
            violations.append(f"trawl check: {checked.stdout}{checked.stderr}")
        for violation in violations:
            print("VIOLATION:", violation, flush=True)
        print(f"{rounds} kills in {kills:.0f} s; {len(model.changes)} changes and "
              f"{sum(counts.values())} records acknowledged; digest {sums[0]}")
        print("0 lost, 0 twice" if not violations else
              f"{len(violations)} VIOLATIONS (seed {seed}, {root})")
        return 1 if violations else 0
    finally:
        stop.set()
        halt.set()
        node.kill()
        reference.kill()
        if not options.keep and not violations:
            shutil.rmtree(root, ignore_errors=True)
