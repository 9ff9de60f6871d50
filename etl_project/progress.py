"""How far long work is. Stages count what they do with ``each``; who shows it, if anybody, sets ``listener``.

Nothing is shown by default: Dagster's own log has the stages' results.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

#: Called with what is counted, how many are done, and how many there are in all (None: not known); the last time with
#: ``done`` None, when the work has ended, also by an error.
Listener = Callable[[str, int | None, int | None], None]
listener: Listener | None = None


def each(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Yield ``items`` and tell the listener of each when the next one is asked for, that is when work on it is done."""
    if listener is None:
        yield from items
        return
    try:
        for done, item in enumerate(items):
            listener(what, done, total)
            yield item
    finally:
        listener(what, None, total)
