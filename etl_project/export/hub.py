"""A finished export in, one commit to a data set on Hugging Face out, through its own library."""

import json
import re
import tempfile
from pathlib import Path

from etl_project.export import manifest
from etl_project.export.model import ExportError

_ADDRESS = re.compile(r"hf://(?:datasets/)?([\w.-]+/[\w.-]+)/?", re.ASCII)
#: What the service itself puts into a new repository.
_OF_THE_SERVICE = {".gitattributes"}


def repository(address: str) -> str:
    """Return the ``org/name`` that an address names; ExportError if it is none, or what sending needs is not installed."""
    found = _ADDRESS.fullmatch(address)
    if not found:
        raise ExportError(f"{address!r} is no data set's address; one is like hf://org/name")
    try:
        import huggingface_hub  # noqa: F401 - imported to see whether it is there
    except ImportError:
        raise ExportError(
            "--push needs the package huggingface-hub; install it with: pip install 'papers-etl[hub]'"
        ) from None
    return found[1]


def push(folder: Path, name: str, endpoint: str, token: str) -> str:
    """Send the export in ``folder`` to the data set ``name`` as one commit, and return the commit's address.

    The data set is made if it is not there, closed to others: what is shown to the world cannot be taken back. Files of an
    earlier export that this one has not go in the same commit; a data set that holds anything else is left as it is.
    """
    import httpx2
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    api = HfApi(endpoint=endpoint, token=token)
    kind = "dataset"
    try:
        api.create_repo(name, repo_type=kind, private=True, exist_ok=True)
        there = set(api.list_repo_files(name, repo_type=kind)) - _OF_THE_SERVICE
        if there and manifest.NAME not in there:
            raise ExportError(
                f"hf://{name} holds {min(there)} and no export's {manifest.NAME}; name another data set with --push"
            )
        gone: list[str] = []
        if there:
            with tempfile.TemporaryDirectory() as scratch:
                made = [
                    Path(api.hf_hub_download(name, file, repo_type=kind, local_dir=scratch)).read_bytes()
                    for file in (manifest.NAME, manifest.SUMS)
                    if file in there
                ]
            before = manifest.names_in(made[0], made[1] if len(made) > 1 else b"")
            if others := there - before:
                raise ExportError(
                    f"hf://{name} holds {min(others)}, which no export made; name another data set with --push"
                )
            now = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
            gone = sorted(there - now)
        told = json.loads((folder / manifest.NAME).read_text("utf-8"))
        commit = api.upload_folder(
            repo_id=name,
            repo_type=kind,
            folder_path=folder,
            commit_message=f"Publication of {told['published_at']}, run {told['run_id']}",
            delete_patterns=gone or None,
        )
        return str(commit.commit_url)
    except OfflineModeIsEnabled:
        raise ExportError("HF_HUB_OFFLINE is set; unset it to push") from None
    except HFValidationError as error:
        raise ExportError(f"hf://{name}: {_line(error)}") from None
    except (HfHubHTTPError, httpx2.HTTPError, RuntimeError, OSError, ValueError) as error:
        cause = error.__cause__ if isinstance(error, RuntimeError) and error.__cause__ else error
        raise ExportError(f"hf://{name} was not pushed to: {_line(cause)}") from None


def _line(error: BaseException) -> str:
    said = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(said[:2]) or type(error).__name__
