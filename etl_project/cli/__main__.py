"""``python -m etl_project.cli``: what ``papers`` is where it is not on the path."""

from etl_project.cli.main import main

main()
