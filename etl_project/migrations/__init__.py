"""Steps that bring a warehouse of an older version to this one: numbered SQL files beside this one, forwards only.

The number is the version that a warehouse then has. A file that was released is never changed: it must lead from what
was there before it, while ``tables.py`` goes on. Tables that are wholly new need none: they are made where they miss.
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def steps(since: int, folder: Path = FOLDER) -> list[tuple[int, str]]:
    """Return number and SQL of the migrations after version ``since``, in their order."""
    files = sorted(folder.glob("[0-9]*.sql"))
    numbered = [(int(file.name.partition("_")[0]), file) for file in files]
    return [(number, file.read_text("utf-8")) for number, file in numbered if number > since]


#: The version of a warehouse that is made today.
WAREHOUSE_VERSION = steps(0)[-1][0]
