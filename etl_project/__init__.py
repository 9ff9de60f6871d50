"""Captures of the Hugging Face papers pages in, clean and deduplicated tables out."""


def version() -> str:
    """Return the version that is installed, "unknown" where the program runs from its folder without being installed."""
    from importlib import metadata

    try:
        return metadata.version("papers-etl")
    except metadata.PackageNotFoundError:
        return "unknown"
