"""The lake: Parquet tables that change whole or not at all.

A table is a stack of layers named in `manifest.json`: a file of rows, and where it takes the place
of older ones a file of the keys that it hides in the layers below. A night writes a layer of what
changed and leaves the rest alone; `compact` keeps the stacks low. Writers put new files beside the
old ones and replace the manifest as their last act (replaced files stay until the table changes
once more), so a reader, a crash or a full disk sees either all of the new tables or all of the old.
One writer at a time; readers need no lock. Only this room writes lake files, and it refuses rows
that do not fit their declaration in `tables`.
"""

from pipeline.lake.commits import Commit, begin, compact
from pipeline.lake.datasets import ROWS_PER_GROUP, Dataset, Layer
from pipeline.lake.manifest import datasets, lend, read

__all__ = [
    "ROWS_PER_GROUP",
    "Commit",
    "Dataset",
    "Layer",
    "begin",
    "compact",
    "datasets",
    "lend",
    "read",
]
