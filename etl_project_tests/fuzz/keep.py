"""Keep of a grown corpus what the suite replays: the smallest inputs that reach lines of code which no smaller one reaches.

    python -m etl_project_tests.fuzz.keep FOLDER

``FOLDER`` is where ``run`` left its corpora. Writes ``corpus/<target>.jsonl``, an input a line, in base64.
"""

import base64
import json
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from etl_project_tests.fuzz import seeds
from etl_project_tests.fuzz.targets import TARGETS

#: Larger inputs are left out, and no more of them kept.
_LARGEST, _MOST = 2_000, 40_000
_CODE = str(Path(__file__).parents[2] / "etl_project")


def main(folder: Path) -> None:
    """Write the kept corpus of every target that was fuzzed."""
    for name, target in TARGETS.items():
        if name == "rows":  # reads what the readers do
            continue
        inputs = {path.read_bytes() for path in (folder / name / "corpus").glob("*") if path.stat().st_size <= _LARGEST}
        inputs |= set(seeds.kept(name))
        known: set[tuple[str, int]] = set()
        kept: list[bytes] = []
        for data in sorted(inputs, key=lambda data: (len(data), data)):
            if (new := _lines_of(target, data) - known) and sum(map(len, kept)) + len(data) <= _MOST:
                known |= new
                kept.append(data)
        if kept:
            lines = [json.dumps(base64.b64encode(data).decode()) for data in kept]
            seeds.KEPT.mkdir(exist_ok=True)
            (seeds.KEPT / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
        print(
            f"{name}: {len(kept)} of {len(inputs)} inputs, {sum(map(len, kept)):,} bytes, {len(known):,} lines of code"
        )


def _lines_of(target: Any, data: bytes) -> set[tuple[str, int]]:
    """Return the lines of the package's code that an input reaches."""
    reached: set[tuple[str, int]] = set()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if not frame.f_code.co_filename.startswith(_CODE):
            return None
        if event == "line":
            reached.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        target(data)
    finally:
        sys.settrace(before)
    return reached


if __name__ == "__main__":
    main(Path(sys.argv[1]))
