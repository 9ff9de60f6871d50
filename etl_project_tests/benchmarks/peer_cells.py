"""One way of matching in a process of its own: mentions of a Parquet file in, clusters, seconds and peak memory out.

    python -m etl_project_tests.benchmarks.peer_cells WAY MENTIONS FOLDER

``dedup_peers`` starts it, with the Python that has the peer, and reads ``FOLDER/cell.json``. Peers are called as their
documentation says and get title and abstract as one text. Where a peer gives pairs and no clusters, ``_components`` makes them.

Settings are those of the peers' documentation. Where it leaves a choice, several were tried on 10,000 mentions of seed 0
and the one of the best F1 was taken: datasketch's shingles (of four) and text-dedup's settings (of three). Of rensa's tokens and
thresholds (eight, each with two of its interfaces) its README's words are taken, at 0.7: runs of letters had 0.005 more of F1
and took far longer. Datatrove and daft were run with one.

Only the standard library is imported here, so that any venv can run it.
"""

import importlib.metadata
import json
import os
import pickle
import re
import struct
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

#: What is measured: gives the cluster of each mention.
Run = Callable[[], Mapping[str, object]]

_THRESHOLD = 0.7
_SEED = 42
_CORES = os.cpu_count() or 1


def title_hash(data: Path, folder: Path) -> Run:
    """Mentions under one title key are one paper."""
    import polars as pl

    from etl_project.fields import title_key

    mentions = pl.read_parquet(data, columns=["mention_id", "title"])

    def run() -> Mapping[str, object]:
        return {mention: title_key(title) for mention, title in mentions.iter_rows()}

    return run


def ours(data: Path, folder: Path) -> Run:
    """The project's matching."""
    return _ours(data, with_ids=True)


def ours_without_ids(data: Path, folder: Path) -> Run:
    """The project's matching of titles and abstracts alone, which is all that peers get."""
    return _ours(data, with_ids=False)


def _ours(data: Path, with_ids: bool) -> Run:
    import polars as pl

    from etl_project_tests.benchmarks.dedup_quality import match

    labelled = pl.read_parquet(data)
    if not with_ids:
        labelled = labelled.with_columns(arxiv_id=pl.lit(None, dtype=pl.String))

    def run() -> Mapping[str, object]:
        return dict(match(labelled).paper_mentions.select("mention_id", "paper_id").iter_rows())

    return run


def datasketch(data: Path, folder: Path) -> Run:
    """MinHash of all runs of five letters, an LSH index, a query for each text."""
    from datasketch import MinHash, MinHashLSH

    names, texts = _texts(data)

    def shingles(text: str) -> set[bytes]:
        folded = text.lower()
        return {folded[place : place + 5].encode() for place in range(max(1, len(folded) - 4))}

    def run() -> Mapping[str, object]:
        index = MinHashLSH(threshold=_THRESHOLD, num_perm=128)
        hashes = MinHash.bulk(map(shingles, texts), num_perm=128, seed=_SEED)
        for place, one in enumerate(hashes):
            index.insert(place, one, check_duplication=False)
        return _components(names, ((place, near) for place, one in enumerate(hashes) for near in index.query(one)))

    return run


def rensa(data: Path, folder: Path) -> Run:
    """Its own deduplicator keeps the first of similar texts, then tells which of those kept each text is like."""
    from rensa import RMinHash, RMinHashDeduplicator

    names, texts = _texts(data)

    def run() -> Mapping[str, object]:
        hashes = RMinHash.from_token_sets([text.split() for text in texts], num_perm=128, seed=_SEED)
        kept = RMinHashDeduplicator(threshold=_THRESHOLD, num_perm=128, use_lsh=True, num_bands=16)
        kept.add_pairs((str(place), one) for place, one in enumerate(hashes))
        near = kept.get_duplicate_sets(hashes)
        return _components(names, ((place, int(other)) for place, others in enumerate(near) for other in others))

    return run


def text_dedup(data: Path, folder: Path) -> Run:
    """Its MinHash with the settings of its own benchmark on papers (CORE: titles and abstracts), from file to file."""
    from text_dedup.config.base import load_config_from_toml
    from text_dedup.minhash import main

    names, _ = _texts(data)
    settings = folder / "config.toml"
    settings.write_text(
        f"""
        [input]
        input_type = "local_files"
        file_type = "parquet"
        read_arguments = {{ path = "parquet", data_files = "{data}", split = "train", cache_dir = "{folder / "cache"}" }}
        [algorithm]
        algorithm_name = "minhash"
        text_column = "text"
        hash_func_name = "xxh3"
        num_perm = 200
        ngram_size = 2
        bands = 50
        rows = 4
        threshold = 0.5
        min_length = 0
        check_false_positive = false
        [output]
        output_dir = "{folder / "output"}"
        save_clusters = true
        keep_cluster_column = true
        clean_cache = true
        [debug]
        enable_profiling = false
        """,
        "utf-8",
    )

    def run() -> Mapping[str, object]:
        main(load_config_from_toml(settings))
        clusters = pickle.loads((folder / "output" / "clusters.pickle").read_bytes())
        return {name: clusters.get(place, place) for place, name in enumerate(names)}

    return run


def datatrove(data: Path, folder: Path) -> Run:
    """Its stages of signatures, buckets and clusters, as in its example, from files to files, a file for each core."""
    import pyarrow.parquet as pq
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.utils.hashing import HashConfig
    from datatrove.utils.typeshelper import Languages

    table = pq.read_table(data, columns=["mention_id", "text"])
    names = table["mention_id"].to_pylist()
    size = -(-len(names) // _CORES)
    parts = [names[first : first + size] for first in range(0, len(names), size)]
    (folder / "texts").mkdir()
    for number in range(len(parts)):
        pq.write_table(table.slice(number * size, size), folder / "texts" / f"{number:05}.parquet")
    settings = MinhashConfig(hash_config=HashConfig(precision=64), num_buckets=14, hashes_per_bucket=8)
    signatures, buckets, clusters = (str(folder / name) for name in ("signatures", "buckets", "clusters"))
    reader = ParquetReader(str(folder / "texts"), id_key="mention_id")
    stages = [
        ([reader, MinhashDedupSignature(signatures, settings, Languages.english)], len(parts)),
        ([MinhashDedupBuckets(signatures, buckets, config=settings)], settings.num_buckets),
        ([MinhashDedupCluster(buckets, clusters, settings, save_cluster_id=True)], 1),
    ]

    def run() -> Mapping[str, object]:
        for number, (steps, tasks) in enumerate(stages):
            logs = str(folder / f"logs {number}")
            LocalPipelineExecutor(steps, tasks=tasks, workers=min(tasks, _CORES), logging_dir=logs).run()
        found: dict[str, object] = {name: name for name in names}
        for number, part in enumerate(parts):
            pairs = Path(clusters, f"{number:06}.clusters")
            found.update(
                (part[place], cluster)
                for place, cluster in struct.iter_unpack("<2I", pairs.read_bytes() if pairs.exists() else b"")
            )
        return found

    return run


def daft(data: Path, folder: Path) -> Run:
    """Its recipe: texts made plain, MinHash, 8 bands of 8, an edge for each two texts in one band."""
    import daft
    import pyarrow.parquet as pq
    from daft import col
    from daft.functions import chunk, list_agg, list_min, minhash, monotonically_increasing_id, normalize

    table = pq.read_table(data, columns=["mention_id", "text"])
    names = table["mention_id"].to_pylist()
    texts = daft.from_arrow(table.select(["text"]))

    @daft.func()  # type: ignore[untyped-decorator, unused-ignore]
    def numbers(bands: list[list[int]]) -> list[int]:
        return list(range(len(bands)))

    def run() -> Mapping[str, object]:
        plain = normalize(col("text"), remove_punct=True, lowercase=True, nfd_unicode=True, white_space=True)
        hashes = minhash(plain, num_hashes=64, ngram_size=5, seed=_SEED, hash_function="xxhash")
        edges = (
            texts.select(monotonically_increasing_id().alias("node"), hashes.alias("hashes"))
            .select("node", chunk(col("hashes"), 8).alias("bands"))
            .with_column("number", numbers(col("bands")))
            .explode("bands", "number")
            .groupby("number", "bands")
            .agg(list_agg(col("node")).alias("nodes"))
            .with_column("first", list_min(col("nodes")))
            .explode("nodes")
            .where(col("first") != col("nodes"))
            .select("first", "nodes")
            .distinct()
            .to_pydict()
        )
        return _components(names, zip(edges["first"], edges["nodes"], strict=True))

    return run


class Way(NamedTuple):
    """A way of matching; for a peer its package, the venv in which that is, and what it needs besides."""

    prepare: Callable[[Path, Path], Run]
    package: str = ""
    venv: str = ""
    needs: str = ""


WAYS = {
    "title hash": Way(title_hash),
    "ours": Way(ours),
    "ours, without ids": Way(ours_without_ids),
    "datasketch": Way(datasketch, "datasketch", "shared"),
    "rensa": Way(rensa, "rensa", "shared"),
    "text-dedup": Way(text_dedup, "text-dedup", "text_dedup", "Python 3.12"),
    "datatrove": Way(datatrove, "datatrove", "shared"),
    "daft": Way(daft, "daft", "daft"),
}


def _texts(data: Path) -> tuple[list[str], list[str]]:
    """Return the ids and the texts of mentions."""
    import pyarrow.parquet as pq

    table = pq.read_table(data, columns=["mention_id", "text"])
    return table["mention_id"].to_pylist(), table["text"].to_pylist()


def _components(names: Sequence[str], edges: Iterable[tuple[int, int]]) -> dict[str, object]:
    """Return the connected component of each name, edges being places of names."""
    parents = list(range(len(names)))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = place = parents[parents[place]]
        return place

    for a, b in edges:
        parents[root(a)] = root(b)
    return {name: root(place) for place, name in enumerate(names)}


def _peak() -> int:
    """Return the peak memory of this process in bytes."""
    # not ru_maxrss, which counts what the parent had when it started this process
    own = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text("utf-8"))
    return int(own[1]) * 1024 if own else 0


def main(way: str, data: Path, folder: Path) -> None:
    """Write clusters, seconds, peak memory and the peer's version. Imports and reading the mentions take no seconds."""
    run = WAYS[way].prepare(data, folder)
    started = time.perf_counter()
    clusters = run()
    seconds = time.perf_counter() - started
    package = WAYS[way].package
    version = importlib.metadata.version(package) if package else ""
    cell = {"clusters": clusters, "seconds": seconds, "peak": _peak(), "version": version}
    (folder / "cell.json").write_text(json.dumps(cell), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
