"""Scripts that run in `.venv-readers`, beside the project's own venv: an export in, what a library makes of it out as JSON."""
