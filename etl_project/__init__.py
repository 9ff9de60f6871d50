"""Captures of the Hugging Face papers pages in, clean and deduplicated tables out."""
