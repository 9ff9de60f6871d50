"""Published tables in, a folder for other programs and people out: data files, and what describes them.

Nothing here opens a database: a connection to one is given (``publish.open_read_only``). One module a form
(``parquet``, ``csv_file``, ``json_lines``, ``workbook``, ``bibtex``), one a description of the whole (``card``,
``data_package``, ``croissant``, ``manifest``); ``selection`` reads, ``job`` puts together, ``folder`` swaps,
``remote`` and ``hub`` send.
"""
