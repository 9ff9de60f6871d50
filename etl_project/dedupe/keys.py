"""Mentions in, keys out: what mentions are compared by. Made of a mention alone, so they can be stored and never change."""

import polars as pl

from etl_project.cleaning import clean_text
from etl_project.dedupe.rules import HEAD
from etl_project.dedupe.sketches import sketch
from etl_project.fields import abstract_letters, key_of_letters, title_key

#: What a text is that shows the paper's own words; a summary is somebody else's.
OWN_WORDS = ("abstract", "cut")


def keys(mentions: pl.DataFrame) -> pl.DataFrame:
    """Return the keys of mentions, from their title, abstract_clean, abstract_kind and arxiv_id; a row each, in order.

    mention_id, load_number, arxiv_id, abstract_kind; ``title_key`` (without LaTeX),
    ``shown_title_key`` (with it, of which ids are made) and ``title_words``; ``text_key``, which stands for
    the letters of the abstract, and ``letters``, their number; ``head``, the first of them, and ``sketch``, both of
    abstracts and cut ones only.
    """
    titles = mentions["title"].to_list()
    texts = mentions["abstract_clean"].to_list()
    letters = [abstract_letters(text) if text else b"" for text in texts]
    own = [kind in OWN_WORDS for kind in mentions["abstract_kind"].to_list()]
    shown = [text if words else b"" for text, words in zip(letters, own, strict=True)]
    places = {text: place for place, text in enumerate(dict.fromkeys(shown))}  # copies are sketched once
    sketched = sketch(list(places)).to_series("sketch")
    return mentions.select("mention_id", "load_number", "arxiv_id", "abstract_kind").with_columns(
        pl.Series("title_key", [title_key(_plain(title)) for title in titles], dtype=pl.String),
        pl.Series("shown_title_key", [title_key(title) for title in titles], dtype=pl.String),
        mentions["title"].str.count_matches(r"\S+").alias("title_words"),
        pl.Series("text_key", [key_of_letters(text) if text else None for text in letters], dtype=pl.String),
        pl.Series("letters", [len(text) for text in letters], dtype=pl.Int32),
        pl.Series("head", [text[:HEAD] or None for text in shown], dtype=pl.Binary),
        sketched.gather(pl.Series([places[text] for text in shown], dtype=pl.UInt32)),
    )


def _plain(title: str) -> str:
    """Return a title without LaTeX: a page shows "$\\alpha$" where another shows the letter."""
    return clean_text(title) if "\\" in title or "$" in title else title
