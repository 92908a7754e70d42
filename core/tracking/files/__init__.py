"""Files of documents as agencies and centres send them, read as a stream of rows in bounded memory.

Nothing here decides what a row may do: cells are text by what their column
means, and what cannot be read as a file is refused in one sentence.
"""

from core.tracking.files.table import Row, Table, open_table

__all__ = ["Row", "Table", "open_table"]
