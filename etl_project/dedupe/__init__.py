"""Mentions in, papers out: keys, clusters, stable ids. Frames in, frames out, no I/O.

The steps, in order: ``keys`` of each mention; ``contents``: texts under one title; ``neighbours``: who may be near under
other titles; ``clusters``: which mentions are one paper; ``decided``: what people decided; ``papers``: ids that stay, and
the rule that joined each mention. ``rules`` holds every threshold. ``etl_project.matching`` puts them together.
"""
