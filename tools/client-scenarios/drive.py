"""The same scenarios through each client: what people's programs do, in the client's own words.

usage: drive.py CLIENT URL
"""
import asyncio
import sys
import traceback

name, url = sys.argv[1], sys.argv[2]
if name.startswith("opensearch"):
    import opensearchpy as lib
    from opensearchpy import AsyncOpenSearch as AsyncClient, OpenSearch as Client, helpers
else:
    import elasticsearch as lib
    from elasticsearch import AsyncElasticsearch as AsyncClient, Elasticsearch as Client, helpers
new_style = name in ("elasticsearch8", "elasticsearch9")
client = Client(url)
index = f"client-{name}"
scenarios = []


def scenario(function):
    scenarios.append(function)
    return function


def fresh(settings=None, mappings=None):
    client.indices.delete(index=index, ignore_unavailable=True)
    body = {"settings": {"number_of_replicas": 0, **(settings or {})}}
    if mappings:
        body["mappings"] = mappings
    if new_style:
        client.indices.create(index=index, **body)
    else:
        client.indices.create(index=index, body=body)


def put(id, document, **options):
    if new_style:
        return client.index(index=index, id=id, document=document, **options)
    return client.index(index=index, id=id, body=document, **options)


def search(query, **options):
    if new_style:
        return client.search(index=index, query=query, **options)
    return client.search(index=index, body={"query": query, **options})


@scenario
def handshake():
    info = client.info()
    expected = "7.17.0" if name == "elasticsearch7" else "3.6.0"
    assert info["version"]["number"] == expected, info
    assert client.ping()


@scenario
def documents():
    fresh()
    first = put("1", {"title": "herring net", "n": 1}, refresh=True)
    assert first["result"] == "created" and first["_version"] == 1, first
    assert client.get(index=index, id="1")["_source"]["n"] == 1
    assert client.exists(index=index, id="1")
    assert not client.exists(index=index, id="2")
    second = put("1", {"title": "herring net", "n": 2}, if_seq_no=first["_seq_no"], if_primary_term=1)
    assert second["result"] == "updated"
    if new_style:
        updated = client.update(index=index, id="1", doc={"n": 3})
    else:
        updated = client.update(index=index, id="1", body={"doc": {"n": 3}})
    assert updated["result"] == "updated"
    assert client.get_source(index=index, id="1") == {"title": "herring net", "n": 3}
    assert client.delete(index=index, id="1")["result"] == "deleted"


@scenario
def error_classes():
    fresh()
    put("1", {"n": 1})
    try:
        client.get(index=index, id="nope")
        raise AssertionError("found what is not there")
    except lib.NotFoundError:
        pass
    try:
        client.create(index=index, id="1", **({"document": {"n": 1}} if new_style else {"body": {"n": 1}}))
        raise AssertionError("created twice")
    except lib.ConflictError as error:
        assert "version_conflict_engine_exception" in str(error), error
    try:
        search({"nonsense": {}})
        raise AssertionError("understood nonsense")
    except (lib.RequestError if not new_style else lib.BadRequestError) as error:
        assert "unknown query [nonsense]" in str(error), error
    try:
        client.search(index="no-such-index")
        raise AssertionError("searched what is not there")
    except lib.NotFoundError as error:
        assert "index_not_found_exception" in str(error), error


@scenario
def searching():
    fresh(mappings={"properties": {"title": {"type": "text"}, "n": {"type": "integer"}, "tag": {"type": "keyword"}}})
    for i, (title, tag) in enumerate([("herring net", "a"), ("herring herring", "b"), ("cod line", "a")]):
        put(str(i), {"title": title, "n": i, "tag": tag})
    client.indices.refresh(index=index)
    found = search({"match": {"title": "herring"}})
    assert [hit["_id"] for hit in found["hits"]["hits"]] == ["1", "0"], found
    assert found["hits"]["total"] == {"value": 2, "relation": "eq"}
    found = search({"bool": {"filter": [{"term": {"tag": "a"}}, {"range": {"n": {"gte": 1}}}]}})
    assert [hit["_id"] for hit in found["hits"]["hits"]] == ["2"], found
    found = search({"match_all": {}}, sort=[{"n": "desc"}], size=2)
    assert [hit["sort"] for hit in found["hits"]["hits"]] == [[2], [1]], found
    assert client.count(index=index)["count"] == 3


@scenario
def bulk_helpers():
    fresh()
    actions = ({"_index": index, "_id": str(i), "n": i, "text": f"word{i % 7}"} for i in range(2500))
    done, errors = helpers.bulk(client, actions, chunk_size=500, refresh=True)
    assert done == 2500 and not errors, errors
    assert client.count(index=index)["count"] == 2500
    parallel = list(helpers.parallel_bulk(
        client, ({"_index": index, "_id": f"p{i}", "n": i} for i in range(1000)), chunk_size=100))
    assert len(parallel) == 1000 and all(ok for ok, _ in parallel)
    again = list(helpers.streaming_bulk(
        client, ({"_op_type": "create", "_index": index, "_id": str(i), "n": i} for i in range(3)),
        raise_on_error=False))
    assert [ok for ok, _ in again] == [False] * 3 and again[0][1]["create"]["status"] == 409, again


@scenario
def scanning():
    client.indices.refresh(index=index)
    count = client.count(index=index)["count"]
    seen = {hit["_id"] for hit in helpers.scan(client, index=index, query={"query": {"match_all": {}}}, size=300)}
    assert len(seen) == count, (len(seen), count)


@scenario
def points_in_time():
    if name.startswith("opensearch"):
        pit = client.create_pit(index=index, keep_alive="1m")["pit_id"]
    elif name == "elasticsearch7":
        pit = client.open_point_in_time(index=index, keep_alive="1m")["id"]
    else:
        pit = client.open_point_in_time(index=index, keep_alive="1m")["id"]
    put("after", {"n": -5}, refresh=True)
    body = {"pit": {"id": pit, "keep_alive": "1m"}, "size": 500, "sort": [{"n": "asc"}]}
    found = client.search(**body) if new_style else client.search(body=body)
    assert found["hits"]["hits"][0]["_source"]["n"] == 0, found["hits"]["hits"][0]
    after = found["hits"]["hits"][-1]["sort"]
    body["search_after"] = after
    found = client.search(**body) if new_style else client.search(body=body)
    assert found["hits"]["hits"][0]["sort"] > after
    if name.startswith("opensearch"):
        assert client.delete_pit(body={"pit_id": [pit]})["pits"][0]["successful"]
    elif name == "elasticsearch7":
        assert client.close_point_in_time(body={"id": pit})["succeeded"]
    else:
        assert client.close_point_in_time(id=pit)["succeeded"]


@scenario
def by_query():
    fresh()
    for i in range(20):
        put(str(i), {"n": i})
    client.indices.refresh(index=index)
    query = {"range": {"n": {"gte": 15}}}
    deleted = client.delete_by_query(index=index, refresh=True, **({"query": query} if new_style else {"body": {"query": query}}))
    assert deleted["deleted"] == 5, deleted
    copy = index + "-copy"
    client.indices.delete(index=copy, ignore_unavailable=True)
    source, dest = {"index": index}, {"index": copy}
    copied = client.reindex(refresh=True, **({"source": source, "dest": dest} if new_style else {"body": {"source": source, "dest": dest}}))
    assert copied["created"] == 15, copied
    assert client.count(index=copy)["count"] == 15
    client.indices.delete(index=copy)


@scenario
def templates():
    template = {"index_patterns": [f"{index}-t-*"], "template": {"mappings": {"properties": {"x": {"type": "keyword"}}}}}
    if new_style:
        client.indices.put_index_template(name=index, **template)
    else:
        client.indices.put_index_template(name=index, body=template)
    made = f"{index}-t-1"
    client.indices.delete(index=made, ignore_unavailable=True)
    client.index(index=made, **({"document": {"x": "a"}} if new_style else {"body": {"x": "a"}}))
    assert client.indices.get_mapping(index=made)[made]["mappings"]["properties"]["x"] == {"type": "keyword"}
    client.indices.delete(index=made)
    client.indices.delete_index_template(name=index)


@scenario
def administration():
    assert client.cluster.health(wait_for_status="yellow")["status"] in ("green", "yellow")
    assert index in client.cat.indices(index=index, format="text" if new_style else None).__str__()
    client.indices.put_alias(index=index, name=index + "-alias")
    assert client.indices.exists_alias(name=index + "-alias")
    assert client.indices.get_settings(index=index)[index]["settings"]["index"]["number_of_replicas"] == "0"
    client.nodes.stats()
    client.nodes.info()
    client.cluster.stats()
    client.indices.stats(index=index)


@scenario
def asynchronous():
    async def run():
        own = AsyncClient(url)
        try:
            results = await asyncio.gather(*[
                own.index(index=index, id=f"a{i}", **({"document": {"n": i}} if new_style else {"body": {"n": i}}))
                for i in range(50)])
            assert all(result["result"] in ("created", "updated") for result in results)
            done, _ = await helpers.async_bulk(own, [{"_index": index, "_id": f"b{i}", "n": i} for i in range(100)])
            assert done == 100
        finally:
            await own.close()

    asyncio.run(run())


failures = 0
for function in scenarios:
    try:
        function()
    except Exception:
        failures += 1
        print(f"{name}: {function.__name__} FAILED", file=sys.stderr)
        traceback.print_exc(limit=4)
client.indices.delete(index=index, ignore_unavailable=True)
print(f"{name} {lib.__versionstr__}: {len(scenarios) - failures} of {len(scenarios)} scenarios")
sys.exit(1 if failures else 0)
