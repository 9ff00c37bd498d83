"""The catalogue of questions: `.cypher` files whose header is a signature (`lineage.catalogue.header`).

>>> from lineage.catalogue import entry
>>> [item.signature() for item in entry("lineage/ancestors").parameters]
['$product: str', '$top: int = 50']
"""

from lineage.catalogue.asking import ask
from lineage.catalogue.header import Entry, OutputColumn, Parameter, parse_entry
from lineage.catalogue.shelf import catalogue, entry
from lineage.catalogue.values import bound, read_texts, read_value, split_pairs

__all__ = [
    "Entry",
    "OutputColumn",
    "Parameter",
    "ask",
    "bound",
    "catalogue",
    "entry",
    "parse_entry",
    "read_texts",
    "read_value",
    "split_pairs",
]
