"""The report: one page about the last run and what is published, in one file that needs no other and no network."""
