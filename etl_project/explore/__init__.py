"""The published tables in the browser: a marimo notebook that is served on this machine only (``papers explore``)."""
