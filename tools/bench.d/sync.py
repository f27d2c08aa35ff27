#!/usr/bin/env python3
"""Measures `trawl sync` on generated rows: copying beside `trawl index`, the stream, how long a change
takes until it is there, and a proof. With PostgreSQL's programs in /usr/lib/postgresql/15/bin also
from there, beside what pg_recvlogical alone drains.

    sync.py TRAWL DIRECTORY [--rows N] [--changes N] [--postgres]

Prints one line of JSON a figure. The directory is emptied.
"""

import argparse
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.request

PG = "/usr/lib/postgresql/15/bin"
WORDS = [f"word{i}" for i in range(20000)]


def row(i, rng):
    body = " ".join(rng.choices(WORDS, k=30))
    return (i, f"product {i}", round(rng.random() * 1000, 2), "2026-01-31 10:00:00", body)


def say(name, **figures):
    print(json.dumps({"bench": name, **figures}), flush=True)


class Node:
    def __init__(self, trawl, directory):
        self.trawl, self.directory = trawl, directory
        port_file = directory + "/port"
        self.process = subprocess.Popen(
            [trawl, "serve", "--data", directory + "/data", "--listen", "127.0.0.1:0",
             "--port-file", port_file], stdout=subprocess.DEVNULL,
            stderr=open(directory + "/node.log", "w"))
        while not os.path.exists(port_file):
            time.sleep(0.02)
        self.url = "http://127.0.0.1:" + open(port_file).read().strip()

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + path, method=method, headers={"Content-Type": "application/json"},
            data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def run(self, *words):
        subprocess.run([self.trawl, *words, "--url", self.url], check=True,
                       stdout=subprocess.DEVNULL)

    def status(self, name):
        return self.ask("GET", f"/_trawl/sync/{name}")

    def wait(self, name, state="following"):
        while True:
            status = self.status(name)
            if status["state"] == state:
                return status
            if status["state"] == "stopped":
                sys.exit(status["reason"])
            time.sleep(0.01)

    def caught_up(self, name):
        asked = time.time() * 1000
        while True:
            status = self.status(name)
            if status["state"] == "following" and status.get("as_of", 0) > asked:
                return
            time.sleep(0.005)

    def resident(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


def proof(node, name, rows):
    began = time.time()
    number = node.ask("POST", f"/_trawl/sync/{name}/_verify")["proof"]
    while True:
        found = node.ask("GET", f"/_trawl/sync/{name}/_proofs/{number}")
        if found["state"] not in ("waiting", "running"):
            break
        time.sleep(0.02)
    say(f"{name}: proof", state=found["state"], rows=rows, seconds=round(time.time() - began, 2))


def latency(node, name, index, change):
    """From the commit of a change until a look-up sees it."""
    times = []
    for i in range(100):
        change(i, f"latency {i}")
        began = time.time()
        while node.ask("GET", f"/{index}/_doc/{i}").get("_source", {}).get("name") != f"latency {i}":
            pass
        times.append(time.time() - began)
        time.sleep(random.random() * 0.03)
    times.sort()
    say(f"{name}: from commit to look-up", p50_ms=round(times[50] * 1000, 1),
        p99_ms=round(times[99] * 1000, 1))


def stream(node, name, changes, make):
    node.run("sync", "pause", name)
    node.wait(name, "paused")
    make()
    began = time.time()
    node.run("sync", "resume", name)
    node.caught_up(name)
    seconds = time.time() - began
    say(f"{name}: stream", changes=changes, seconds=round(seconds, 2),
        per_second=int(changes / seconds))
    return seconds


def sqlite(node, directory, rows, changes):
    rng = random.Random(1)
    path = directory + "/shop.db"
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute(
        "CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT, price DECIMAL(8,2), "
        "made TIMESTAMP, body TEXT)")
    made = [row(i, rng) for i in range(rows)]
    database.execute("BEGIN")
    database.executemany("INSERT INTO products VALUES (?, ?, ?, ?, ?)", made)
    database.execute("COMMIT")
    with open(directory + "/rows.jsonl", "w") as file:
        for i, name, price, time_made, body in made:
            file.write(json.dumps({"id": i, "name": name, "price": price,
                                   "made": time_made.replace(" ", "T"), "body": body}) + "\n")
    node.ask("PUT", "/plain", {"mappings": {"properties": {
        "id": {"type": "long"}, "price": {"type": "double"}, "made": {"type": "date"},
        "name": {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}},
        "body": {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}}}})
    began = time.time()
    node.run("index", "plain", directory + "/rows.jsonl", "--quiet")
    indexed = time.time() - began
    say("trawl index", rows=rows, seconds=round(indexed, 2), per_second=int(rows / indexed))
    began = time.time()
    node.run("sync", "add", "shop", "--index", "products", "--from", "sqlite:" + path, "--table",
             "products", "--wait")
    copied = time.time() - began
    say("shop: copy", rows=rows, seconds=round(copied, 2), per_second=int(rows / copied),
        of_index=round(indexed / copied, 2))
    proof(node, "shop", rows)
    latency(node, "shop", "products", lambda i, name: database.execute(
        "UPDATE products SET name = ? WHERE id = ?", (name, i)))

    def make():
        for start in range(0, changes, 100):
            database.execute("BEGIN")
            for i in range(start, min(start + 100, changes)):
                database.execute("UPDATE products SET price = price + 1 WHERE id = ?", (i % rows,))
            database.execute("COMMIT")

    stream(node, "shop", changes, make)
    proof(node, "shop", rows)
    node.run("sync", "remove", "shop")


def postgres(node, directory, rows, changes):
    data, port = directory + "/pg", 21000 + os.getpid() % 10000
    user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] \
        if os.getuid() == 0 else []
    os.mkdir(data)
    if user:
        shutil.chown(data, "postgres")
        os.chmod(directory, 0o755)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True}
    subprocess.run([*user, PG + "/initdb", "-D", data + "/d", "-A", "trust", "-U", "postgres"],
                   cwd=data, **quiet)
    subprocess.run(
        [*user, PG + "/pg_ctl", "-D", data + "/d", "-w", "-l", data + "/log", "-o",
         f"-p {port} -k {data} -c listen_addresses=127.0.0.1 -c wal_level=logical", "start"],
        cwd=data, **quiet)
    try:
        def sql(text):
            subprocess.run([PG + "/psql", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres",
                            "-qc", text], cwd=data, **quiet)

        def answer(text):
            return subprocess.run(
                [PG + "/psql", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-qAtc", text],
                cwd=data, capture_output=True, check=True, text=True).stdout.strip()

        sql("CREATE TABLE orders (id bigint PRIMARY KEY, name text, price numeric(8,2), "
            "made timestamp, body text)")
        sql(f"INSERT INTO orders SELECT i, 'order ' || i, i % 1000, now(), (SELECT string_agg('word' "
            f"|| (i * 31 + j * 7919) % 20000, ' ') FROM generate_series(1, 30) j) "
            f"FROM generate_series(0, {rows - 1}) i")
        url = f"postgres://postgres@127.0.0.1:{port}/postgres"
        began = time.time()
        node.run("sync", "add", "orders", "--index", "orders", "--from", url, "--table", "orders",
                 "--wait")
        copied = time.time() - began
        say("orders: copy", rows=rows, seconds=round(copied, 2), per_second=int(rows / copied))
        proof(node, "orders", rows)
        sql("SELECT pg_create_logical_replication_slot('alone', 'pgoutput')")

        def make():
            for start in range(0, changes, 1000):
                sql(f"UPDATE orders SET price = 1 + price % 1000 WHERE id >= {start} "
                    f"AND id < {start + 1000}")

        ours = stream(node, "orders", changes, make)
        end = answer("SELECT pg_current_wal_flush_lsn()")
        began = time.time()
        subprocess.run(
            [PG + "/pg_recvlogical", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-d",
             "postgres", "-S", "alone", "--start", "-o", "proto_version=1", "-o",
             "publication_names=trawl_orders", "--endpos", end, "-f", "/dev/null"], cwd=data, **quiet)
        alone = time.time() - began
        say("orders: pg_recvlogical alone", seconds=round(alone, 2),
            per_second=int(changes / alone), ours_takes_times=round(ours / alone, 2))
        latency(node, "orders", "orders", lambda i, name: sql(
            f"UPDATE orders SET name = '{name}' WHERE id = {i}"))
        began = time.time()
        sql(f"UPDATE orders SET price = price + 1")
        written = time.time() - began
        node.caught_up("orders")
        say("orders: one transaction", rows=rows, written_seconds=round(written, 2),
            there_after_seconds=round(time.time() - began - written, 2),
            resident_mb=node.resident() >> 20)
        proof(node, "orders", rows)
        node.run("sync", "remove", "orders")
    finally:
        subprocess.run([*user, PG + "/pg_ctl", "-D", data + "/d", "-m", "immediate", "stop"],
                       cwd=data, **quiet)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("trawl")
    parser.add_argument("directory")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--postgres", action="store_true", help="only PostgreSQL")
    arguments = parser.parse_args()
    shutil.rmtree(arguments.directory, ignore_errors=True)
    os.makedirs(arguments.directory)
    node = Node(os.path.abspath(arguments.trawl), arguments.directory)
    try:
        if not arguments.postgres:
            sqlite(node, arguments.directory, arguments.rows, arguments.changes)
        if os.path.exists(PG + "/initdb"):
            postgres(node, arguments.directory, arguments.rows, arguments.changes)
        else:
            print("skipped: no PostgreSQL in " + PG, file=sys.stderr)
    finally:
        node.stop()


main()
