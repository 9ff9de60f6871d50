"""Coverage-guided fuzzing with atheris (libFuzzer): looks for inputs that break what ``targets`` say.

    python -m etl_project_tests.fuzz.run TARGET [minutes [folder]]

What breaks is written to ``<folder>/<target>/findings``, once for each place in the code that it breaks at, and
fuzzing goes on. The grown corpus stays in ``<folder>/<target>/corpus``. Needs the extra ``fuzz``.
"""

import random
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["etl_project"], exclude=["etl_project.tables", "etl_project.contract"]):
    from etl_project_tests.fuzz.targets import TARGETS, timed

from etl_project_tests.fuzz import seeds

_LARGEST = 1 << 14


class _Findings:
    """Inputs that broke something, one for each place in the code."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.known = folder, set[str]()
        folder.mkdir(parents=True, exist_ok=True)

    def note(self, data: bytes, error: BaseException) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if "etl_project" in frame.filename] or list(frames)
        place = f"{type(error).__name__}-{Path(own[-1].filename).stem}-{own[-1].lineno}"
        if place in self.known:
            return
        self.known.add(place)
        (self.folder / place).write_bytes(data)
        (self.folder / f"{place}.txt").write_text("".join(traceback.format_exception(error))[-4000:], "utf-8")
        print(f"FOUND {place}: {str(error)[:200]!r}", file=sys.stderr, flush=True)


def _mutate(data: bytes, size: int, seed: int) -> bytes:
    """Damage the text, or leave the bytes to libFuzzer."""
    chance = random.Random(seed)
    return atheris.Mutate(data, size) if chance.random() < 0.5 else seeds.damaged(data, chance)[:size]


def main(name: str, minutes: float = 10, folder: str = "fuzzed") -> None:
    """Fuzz one target for some minutes."""
    target = TARGETS[name]
    place = Path(folder) / name
    corpus, findings = place / "corpus", _Findings(place / "findings")
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate((*seeds.of(name), *seeds.kept(name))):
        (corpus / f"seed_{number:03}").write_bytes(seed)

    def one(data: bytes) -> None:
        try:
            timed(target, data)
        except Exception as error:
            findings.note(data, error)

    arguments = [
        sys.argv[0],
        f"-max_len={_LARGEST}",
        f"-max_total_time={int(60 * minutes)}",
        "-timeout=60",
        "-rss_limit_mb=4096",
        "-print_final_stats=1",
        f"-artifact_prefix={findings.folder}/",
        str(corpus),
    ]
    mutator: Callable[[bytes, int, int], bytes] = _mutate
    atheris.Setup(arguments, one, custom_mutator=mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], *(float(minutes) for minutes in sys.argv[2:3]), *sys.argv[3:4])
