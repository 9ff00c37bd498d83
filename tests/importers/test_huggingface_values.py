"""Single values of a record: emissions, dates, sizes, repeats."""

from pathlib import Path
from typing import Any

import pytest

from hub_answers import edges, model, product, read_records, said
from lineage.errors import ImportFault
from lineage.findings import count_by_code
from lineage.importing import read_claims


@pytest.mark.parametrize(
    ("stated", "grams", "codes"),
    [
        (17.2, 17.2, {}),
        (0, 0.0, {"unit-suspect": 1}),
        ("17g", 17.0, {"repaired-value": 1}),
        ("1,200", 1200.0, {"repaired-value": 1}),
        ("5 kg", 5000.0, {"repaired-value": 1}),
        ("9.38 grams", 9.38, {"repaired-value": 1}),
        ("0.5 ton", 500_000.0, {"repaired-value": 1, "unit-suspect": 1}),
        ({"emissions": 3}, 3.0, {}),
        ({"emissions": 1e12}, 1e12, {"unit-suspect": 1}),
        (0.0002, 0.0002, {"unit-suspect": 1}),
        ("Not Specified", None, {}),
        ({"source": "codecarbon"}, None, {}),
        ("about 12", None, {"ignored-value": 1}),
        ("12,5 kg", None, {"ignored-value": 1}),
        (-1, None, {"ignored-value": 1}),
        (True, None, {"ignored-value": 1}),
        ([1], None, {"ignored-value": 1}),
        ({"emissions": 3, "hardware_used": ["T4"]}, 3.0, {"ignored-value": 1}),
        (10**400, None, {"ignored-value": 1}),
    ],
)
def test_emissions(tmp_path: Path, stated: Any, grams: float | None, codes: dict[str, int]) -> None:
    claims = read_records(tmp_path, model(cardData={"co2_eq_emissions": stated}))
    assert product(claims).get("own_carbon_gco2e") == grams
    assert product(claims).get("tier") == (None if grams is None else "reported")
    assert count_by_code(claims.findings) == codes


@pytest.mark.parametrize(
    ("stated", "date"),
    [
        ("2022-11-14T18:41:48.000Z", "2022-11-14T18:41:48Z"),
        ("2022-11-14T18:41:48Z", "2022-11-14T18:41:48Z"),
        ("2022-11-14T18:41:48+02:00", "2022-11-14T16:41:48Z"),
        ("2022-11-14", "2022-11-14T00:00:00Z"),
        ("2022-03-02T23:29:05.000Z", None),
        (None, None),
    ],
)
def test_dates(tmp_path: Path, stated: str | None, date: str | None) -> None:
    claims = read_records(
        tmp_path, model(createdAt=stated), model("acme/b", createdAt="2023-01-01T00:00:00.000Z")
    )
    assert claims.tables["products"].column("created_at").to_pylist() == [date, "2023-01-01T00:00:00Z"]


def test_the_same_record_twice_is_a_finding(tmp_path: Path) -> None:
    claims = read_records(tmp_path, model(), model())
    assert said(claims, "repeated-record") == ["stands here again; the later one counts where they differ"]


def test_card_data_as_text_and_parameters_by_type(tmp_path: Path) -> None:
    record = model(cardData='{"license": "mit"}', safetensors={"parameters": {"F32": 5, "I8": 2}})
    found = product(read_records(tmp_path, record))
    assert (found["license"], found["parameters"]) == ("mit", 7.0)


def test_keys_written_twice_in_a_card(tmp_path: Path) -> None:
    path = tmp_path / "acme__a.md"
    path.write_text("---\nbase_model: acme/x\nbase_model: acme/y\n---\n")
    claims = read_claims(path)
    assert [parent for _, parent, _ in edges(claims)] == ["model:acme/y"]
    assert said(claims, "ignored-value") == [
        "key base_model stands there more than once; the last one counts"
    ]


def test_a_value_that_nobody_needs_may_be_anything(tmp_path: Path) -> None:
    path = tmp_path / "acme__a.md"
    path.write_text("---\nreleased: 2024-02-30\nupdated: 2024-02-29\nlicense: mit\n---\n")
    assert product(read_claims(path))["license"] == "mit"


def test_a_number_too_long_to_print_is_a_clear_error(tmp_path: Path) -> None:
    card = tmp_path / "o__n.md"
    card.write_text(f"---\nbase_model: 0x{'f' * 10_000}\n---\n", encoding="utf-8")
    with pytest.raises(ImportFault, match=r"line 2.*not a number of more than 4,300 digits$"):
        read_claims(card, format="huggingface")
