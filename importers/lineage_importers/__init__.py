"""The importers that come with the package, found through the entry point `lineage.importers`.

Strings only: a module is loaded when a file of its format is met.
"""

IMPORTERS: dict[str, dict[str, object]] = {
    "codecarbon": {
        "read": "lineage_importers.codecarbon:read",
        "sniff": "lineage_importers.codecarbon:sniff",
        "suffixes": (".csv", ".csv.gz"),
        "title": "CodeCarbon emissions.csv",
        "extra": None,
    },
    "huggingface": {
        "read": "lineage_importers.huggingface:read",
        "sniff": "lineage_importers.huggingface:sniff",
        "suffixes": (
            ".md",
            ".json",
            ".jsonl",
            ".ndjson",
            ".json.gz",
            ".jsonl.gz",
            ".ndjson.gz",
            ".parquet",
        ),
        "title": "Hugging Face model and data-set cards, and answers of the Hub's API",
        "extra": None,
    },
    "tables": {
        "read": "lineage_importers.tables:read",
        "sniff": "lineage_importers.tables:sniff",
        "suffixes": (".csv", ".csv.gz", ".parquet"),
        "title": "own tables: products, edges, jobs, systems and grids as CSV or Parquet",
        "extra": None,
        "generic": True,
    },
}
