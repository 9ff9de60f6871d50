"""``python -m ...chaos.inject FAULT N LAKE ARGUMENTS``: `papers ARGUMENTS`, with a fault at its N-th change of a file below LAKE.

FAULT is ``kill`` (SIGKILL; ``kill@NAME`` counts the changes of files of that name only), or the name of an error (``ENOSPC``), which then comes at this change, or with ``+`` at
this and all that follow. With N 0 nothing is done, and the number of changes is written beside the lake. The
changes are those that Python's own code makes; the engines' are reached by their system calls (``engines.py``).
"""

import errno
import os
import signal
import sys
from pathlib import Path
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {"os.rename", "os.link", "os.symlink", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate", "os.utime",
            "shutil.rmtree", "shutil.move", "shutil.copyfile"}  # fmt: skip


def _main() -> None:
    fault, _, name = sys.argv[1].partition("@")
    number, lake = int(sys.argv[2]), sys.argv[3]
    sys.argv = ["papers", *sys.argv[4:]]
    changes = 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal changes
        if event == "open":
            path, _, flags = arguments
            if not (isinstance(flags, int) and flags & _WRITING and isinstance(path, str | bytes)):
                return
        elif event not in _CHANGES:
            return
        paths = [os.fsdecode(a) for a in arguments if isinstance(a, str | bytes | os.PathLike)]
        if not any(path.startswith(lake) and path.endswith(name) for path in paths):
            return
        changes += 1
        if not number:
            descriptor = os.open(counted, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.write(descriptor, str(changes).encode())
            os.close(descriptor)
        elif fault == "kill" and changes == number:
            os.kill(os.getpid(), signal.SIGKILL)
        elif fault != "kill" and (changes == number or (fault.endswith("+") and changes > number)):
            code = getattr(errno, fault.rstrip("+"))
            raise OSError(code, os.strerror(code))

    counted = Path(lake).with_name("changes.txt")
    sys.addaudithook(hook)
    from etl_project.cli.main import main

    main()


if __name__ == "__main__":
    _main()
