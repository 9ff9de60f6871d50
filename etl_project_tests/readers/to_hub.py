"""Push the export in a folder to the data set that is named, at an endpoint, with a token; print what is said."""

import sys
from pathlib import Path

from etl_project.export import hub
from etl_project.export.model import ExportError


def main() -> None:
    folder, address, endpoint, token = sys.argv[1:]
    try:
        print(hub.push(Path(folder), hub.repository(address), endpoint, token))
    except ExportError as error:
        print(error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
