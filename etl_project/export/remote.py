"""A finished export in, the same files at an address out (``s3://...``, whatever fsspec knows)."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from etl_project import progress
from etl_project.export import manifest
from etl_project.export.model import ExportError

_INSTALL = "install it with: pip install 'papers-etl[remote]'"


def is_address(target: str) -> bool:
    """Say whether ``target`` is an address, and not a folder of this machine."""
    return "://" in target


class Place:
    """A folder at an address. ExportError if its kind is not known, or what it needs is not installed."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        kind = parts.scheme
        if not kind or not (parts.netloc + parts.path).strip("/"):
            raise ExportError(f"{address} names no place; an address is one like s3://bucket/folder")
        self.address = address.rstrip("/")
        try:
            import fsspec
        except ImportError:
            raise ExportError(f"{kind}:// needs the package fsspec; {_INSTALL}") from None
        try:
            self._files, self._root = fsspec.core.url_to_fs(self.address)
        except ImportError as error:
            raise ExportError(f"{kind}:// needs a package that is not there ({error}); {_INSTALL}") from None
        except ValueError as error:
            raise ExportError(f"{address}: {error}; an address is one like s3://bucket/folder") from None
        self._root = self._root.rstrip("/")

    def check_free(self) -> set[str]:
        """Return the files of the export that is there; ExportError if others are."""
        try:
            self._files.invalidate_cache()
            there = {path[len(self._root) :].lstrip("/") for path in self._files.find(self._root)}
            if not there:
                return set()
            if manifest.NAME not in there:
                raise ExportError(
                    f"{self.address} holds other files and no export's {manifest.NAME}; name another place"
                )
            told = self._files.cat_file(f"{self._root}/{manifest.NAME}")
            sums = f"{self._root}/{manifest.SUMS}"
            made = manifest.names_in(told, self._files.cat_file(sums) if manifest.SUMS in there else b"")
        except ExportError as error:
            raise ExportError(f"{self.address}: {error}") if str(error).startswith(manifest.NAME) else error from None
        except Exception as error:  # each kind of place has errors of its own
            raise self._failed("read", error) from None
        made |= set(json.loads(told).get("unfinished", []))
        if others := sorted(there - made):
            raise ExportError(f"{self.address} holds {others[0]}, which no export made; name another place")
        return there

    def send(self, folder: Path) -> None:
        """Send the export in ``folder``; an earlier one goes.

        No place of this kind changes many files in one step. So the manifest says first that what is there is
        unfinished, and is itself sent last: who finds files in it has all of them. What is cut off is sent again.
        """
        before = self.check_free()
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        names = {str(path.relative_to(folder)): path for path in paths}
        last = names.pop(manifest.NAME)
        told = json.loads(last.read_text("utf-8"))
        unfinished = told | {"files": [], "unfinished": sorted({*names, *before} - {manifest.NAME})}
        try:
            self._files.pipe_file(f"{self._root}/{manifest.NAME}", json.dumps(unfinished, indent=2).encode())
            for name in progress.each(names, "files sent", len(names)):
                self._files.put_file(str(names[name]), f"{self._root}/{name}")
            gone = before - names.keys() - {manifest.NAME}
            if gone:
                self._files.rm([f"{self._root}/{name}" for name in sorted(gone)])
            self._files.put_file(str(last), f"{self._root}/{manifest.NAME}")
        except Exception as error:
            raise self._failed("written", error) from None

    def _failed(self, what: str, error: Exception) -> ExportError:
        said: Any = str(error) or type(error).__name__
        return ExportError(f"{self.address} cannot be {what}: {' '.join(said.split())}")
