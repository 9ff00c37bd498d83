"""Quantities: read with pint into base units, printed from one table."""

import logging
import math
import subprocess
import sys
import time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage import units
from lineage.errors import UnitError
from lineage.units import POWERS, number, quantity, show, suspect

UNITS = sorted(POWERS)


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("3 years", "h", 26_280.0),
        ("1 year", "h", 8_760.0),
        ("2 yr", "h", 17_520.0),
        ("1 month", "h", 730.0),
        ("12 months", "h", 8_760.0),
        ("5 days", "h", 120.0),
        ("90 mins", "h", 1.5),
        ("7.4 t", "gCO2e", 7_400_000.0),
        ("7.4 t CO2e", "gCO2e", 7_400_000.0),
        ("7.4 tCO2eq", "gCO2e", 7_400_000.0),
        ("7.4 t CO2-eq", "gCO2e", 7_400_000.0),
        ("7.4 t CO₂e", "gCO2e", 7_400_000.0),
        ("10 kg", "gCO2e", 10_000.0),
        ("10 kgCO2eq", "gCO2e", 10_000.0),
        ("120 g", "gCO2e", 120.0),
        ("120 gCO2e", "gCO2e", 120.0),
        ("5 metric tons CO2e", "gCO2e", 5_000_000.0),
        ("5 tons", "gCO2e", 5_000_000.0),
        ("1.5 kt", "gCO2e", 1.5e9),
        ("2 MtCO2e", "gCO2e", 2e12),
        ("100 lb", "gCO2e", 45_359.237),
        ("100 lbs CO2e", "gCO2e", 45_359.237),
        ("954 lb/MWh", "gCO2e/kWh", 432.72712098),
        ("0.4 kg CO2eq / kWh", "gCO2e/kWh", 400.0),
        ("400 g CO2e per kWh", "gCO2e/kWh", 400.0),
        ("475", "gCO2e/kWh", 475.0),
        ("1 kJ", "kWh", 1 / 3600),
        ("7.4 MWh", "kWh", 7_400.0),
        ("250 Wh", "kWh", 0.25),
        ("1.2 TWh", "kWh", 1.2e9),
        ("0.0001 kWh", "kWh", 0.0001),
        ("1,507 kWh", "kWh", 1_507.0),
        ("1,163,088.5 kWh", "kWh", 1_163_088.5),
        ("  1507kWh ", "kWh", 1_507.0),
        ("1.5e3 kWh", "kWh", 1_500.0),
        ("-3 kWh", "kWh", -3.0),
        (".5 kWh", "kWh", 0.5),
        ("2 kW h", "kWh", 2.0),
        ("50 g/min", "gCO2e/h", 3_000.0),
        ("50 gCO2e min^-1", "gCO2e/h", 3_000.0),
        ("1.2 kW", "W", 1_200.0),
        ("3 m³", "L", 3_000.0),
        ("3 m^3", "L", 3_000.0),
        ("3 liters", "L", 3.0),
    ],
)
def test_quantities(text: str, unit: str, expected: float) -> None:
    assert quantity(text, unit, bare="gCO2e/kWh" if unit == "gCO2e/kWh" else "") == expected


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("1507", "kWh", "'1507' has no unit; write for example '1507 kWh'"),
        ("7 kg", "kWh", "'7 kg': 'kg' is not an energy; write for example '1507 kWh'"),
        ("7 kWh", "gCO2e", "'7 kWh': 'kWh' is not a mass of CO2e; write for example '7.4 t'"),
        ("7 degC", "W", "'7 degC': 'degC' is not a power; write for example '300 W'"),
        ("7 kg", "L", "'7 kg': 'kg' is not a volume; write for example '120 L'"),
        ("7 kg", "km", "'7 kg': 'kg' is not a quantity in km; write for example '1 km'"),
        ("7 kwh", "kWh", "'7 kwh': 'kwh' is not a unit that is known; did you mean 'kWh'?"),
        (
            "7 GPU days",
            "h",
            "'7 GPU days': 'GPU days' is not a unit that is known; write for example '3 years'",
        ),
        ("1,2 t", "gCO2e", "'1,2 t' has an unclear comma; write 1.2 for a decimal point"),
        ("0,507 kWh", "kWh", "'0,507 kWh' has an unclear comma; write 0.507 for a decimal point"),
        (
            "1.234.567 kWh",
            "kWh",
            "'1.234.567 kWh' is not a number; write a decimal point and no other separator",
        ),
        ("nan", "kWh", "'nan' is not finite; leave the cell empty if the value is unknown"),
        ("NaN kWh", "kWh", "'NaN kWh' is not finite; leave the cell empty if the value is unknown"),
        ("-Infinity t", "gCO2e", "'-Infinity t' is not finite; leave the cell empty if the value is unknown"),
        ("1e999 kWh", "kWh", "'1e999 kWh' is not finite; leave the cell empty if the value is unknown"),
        ("1e308 t", "gCO2e", "'1e308 t' is more than 1e+24 gCO2e, larger than anything real; check its unit"),
        ("", "kWh", "'' is not a number; write for example '1507 kWh'"),
        ("a lot", "kWh", "'a lot' is not a number; write for example '1507 kWh'"),
        ("5 CO2e", "gCO2e", "'5 CO2e': 'CO2e' is not a unit that is known; write for example '7.4 t'"),
        (
            "5 kWh CO2e",
            "kWh",
            "'5 kWh CO2e': 'kWh CO2e' is not a unit that is known; write for example '1507 kWh'",
        ),
    ],
)
def test_what_is_no_quantity_says_the_way_out(text: str, unit: str, message: str) -> None:
    with pytest.raises(UnitError) as caught:
        quantity(text, unit)
    assert str(caught.value) == message


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400, np.float64("nan")])
def test_numbers_that_are_not_finite_are_refused(value: float) -> None:
    with pytest.raises(UnitError, match="is not finite"):
        quantity(value, "kWh", bare="kWh")


@pytest.mark.parametrize("value", [None, True, b"5 kWh", [5], Decimal(5)])
def test_what_is_neither_text_nor_number_is_refused(value: Any) -> None:
    with pytest.raises(UnitError, match="is not a number; write for example '1507 kWh'"):
        quantity(value, "kWh")


def test_a_number_counts_in_the_bare_unit() -> None:
    assert quantity(2, "kWh", bare="MWh") == 2_000.0
    counted: Any = np.int64(2)
    assert quantity(counted, "kWh", bare="kWh") == 2.0
    with pytest.raises(UnitError, match="'2' has no unit"):
        quantity(2, "kWh")


@pytest.mark.parametrize(
    "text",
    [
        "1 " + "1**" * 9 + "1",
        "1 kWh**999999",
        "1 kWh^999999",
        "1 " + "k" * 1_000_000,
        "1" * 1_000_000 + " kWh",
        "1 " + "g*" * 25 + "g",
        "1 (kWh)",
        "1 __import__('os')",
        "1 kWh; import os",
        "1 kWh/\n/kWh",
        "1 kWh %",
        "1 {kWh}",
    ],
)
def test_hostile_unit_text_fails_at_once(text: str) -> None:
    start = time.process_time()
    with pytest.raises(UnitError, match=r"is not a unit|is too long for a number"):
        quantity(text, "kWh")
    assert time.process_time() - start < 10  # it would take for ever


def test_long_text_is_cut_in_messages() -> None:
    with pytest.raises(UnitError) as caught:
        quantity("x" * 1_000_000, "kWh")
    assert len(str(caught.value)) < 200


def test_a_logarithmic_unit_has_no_factor() -> None:
    with pytest.raises(UnitError, match="dBm"):
        quantity("5 dBm", "W")


def test_a_unit_with_an_offset_has_no_factor() -> None:
    with pytest.raises(UnitError, match="'degC' has no fixed factor to kelvin; write for example '1 kelvin'"):
        quantity("5 degC", "kelvin")


def test_reading_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    units._registry.cache_clear()
    units._factor.cache_clear()
    with caplog.at_level(logging.DEBUG):
        for text in ("90 mins", "3 hours", "5 tons", "2 kt"):
            quantity(text, "h" if text.endswith("s") and "ton" not in text else "gCO2e")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_each_unit_text_is_parsed_once() -> None:
    units._factor.cache_clear()
    for value in range(1000):
        quantity(f"{value} MWh", "kWh")
    assert units._factor.cache_info().misses == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0.25", 0.25), ("1,163,088.5", 1_163_088.5), (" 7e9 ", 7e9), ("+5", 5.0), ("-0", 0.0), ("12.", 12.0)],
)
def test_plain_numbers(text: str, expected: float) -> None:
    assert number(text) == expected


@pytest.mark.parametrize("text", ["7B", "50%", "1 2", "five", "0x10", "1_000"])
def test_what_is_no_plain_number(text: str) -> None:
    with pytest.raises(UnitError, match=r"write digits only, such as 1507 or 0.25"):
        number(text)


@pytest.mark.parametrize(
    "text", ["5 ton", "5 tons", "5 tons CO2e", "5 tonCO2e", "5 kilotons", "5 ton/kWh", "1 kton"]
)
def test_a_bare_ton_is_suspicious(text: str) -> None:
    assert suspect(text) == "a bare 'ton' may be metric, short or long; read as the metric tonne, write 't'"


@pytest.mark.parametrize(
    "text", ["5 t", "5 tonnes", "5 metric tons", "5 metric ton CO2e", "5 kWh", "", "ton" * 99, "3 newtons"]
)
def test_other_units_are_not_suspicious(text: str) -> None:
    assert suspect(text) is None


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "kWh", "?"),
        (math.nan, "kWh", "?"),
        (math.inf, "kWh", "?"),
        (0.0, "gCO2e", "0 g"),
        (1_507.0, "kWh", "1,507 kWh"),
        (7_400.0, "kWh", "7.4 MWh"),
        (7_372.8, "kWh", "7,373 kWh"),
        (168.0, "kWh", "168 kWh"),
        (0.015, "kWh", "15 Wh"),
        (1.2e6, "gCO2e", "1.2 t"),
        (0.19968, "gCO2e", "199.7 mg"),
        (25.0, "gCO2e", "25 g"),
        (-2_500.0, "gCO2e", "-2.5 kg"),
        (9_999.6, "gCO2e", "10 kg"),
        (26_280.0, "h", "26,280 h"),
        (1e-9, "gCO2e", "1e-06 mg"),
        (3e18, "gCO2e", "3,000,000 Mt"),
        (300.0, "W", "300 W"),
        (3_000.0, "gCO2e/h", "3 kg/h"),
        (432.7, "gCO2e/kWh", "432.7 g/kWh"),
        (2.5, "pages", "2.5 pages"),
    ],
)
def test_shown(value: float | None, unit: str, text: str) -> None:
    assert show(value, unit) == text


@pytest.mark.parametrize(
    ("unit", "name", "power"), [(unit, *item) for unit in UNITS for item in POWERS[unit]]
)
def test_the_printing_table_agrees_with_pint(unit: str, name: str, power: int) -> None:
    assert quantity(f"1 {name}", unit) == float(Fraction(10) ** power)


def test_powers_ascend_and_hold_the_base_unit() -> None:
    for unit, powers in POWERS.items():
        exponents = [power for _, power in powers]
        assert exponents == sorted(set(exponents)), unit
        assert 0 in exponents


@pytest.mark.parametrize(
    "name", ["kJ", "Wh", "MWh", "GJ", "BTU", "kcal", "lb", "kg", "metric_ton", "day", "week", "min"]
)
def test_units_outside_our_definitions_are_those_of_pint(name: str) -> None:
    plain: pint.UnitRegistry[float] = pint.UnitRegistry()
    for unit, base in (("kWh", "kWh"), ("gCO2e", "g"), ("h", "h")):
        theirs = plain.Quantity(1.0, name)
        if theirs.check(str(plain.Quantity(1.0, base).dimensionality)):
            assert quantity(f"1 {name.replace('metric_ton', 't')}", unit) == pytest.approx(
                theirs.to(base).magnitude, rel=1e-12
            )
            return
    pytest.fail(f"{name} was not compared")


magnitudes = st.floats(min_value=1e-9, max_value=1e15)


@given(value=magnitudes, unit=st.sampled_from(UNITS), sign=st.sampled_from([1.0, -1.0]))
def test_what_is_shown_reads_back_to_four_digits(value: float, unit: str, sign: float) -> None:
    assert quantity(show(sign * value, unit), unit) == pytest.approx(sign * value, rel=5.001e-4)


@given(value=magnitudes, unit=st.sampled_from(UNITS))
def test_the_full_number_reads_back_exactly(value: float, unit: str) -> None:
    name = next(name for name, power in POWERS[unit] if power == 0)
    assert quantity(f"{value!r} {name}", unit) == value
    assert quantity(f"{value!r} {unit}", unit) == value


@given(value=magnitudes, factor=st.integers(1, 1000), spelled=st.sampled_from(["lb", "t", "kg CO2e", "oz"]))
def test_reading_is_linear(value: float, factor: int, spelled: str) -> None:
    once = quantity(f"{value!r} {spelled}", "gCO2e")
    many = quantity(f"{value * factor!r} {spelled}", "gCO2e")
    assert many == pytest.approx(factor * once, rel=1e-12)


@given(text=st.text(max_size=60))
def test_any_text_is_a_quantity_or_a_unit_error(text: str) -> None:
    try:
        assert math.isfinite(quantity(f"1 {text}", "kWh", bare="kWh"))
    except UnitError as error:
        assert len(str(error)) < 400


def test_importing_and_printing_need_no_pint() -> None:
    code = "import sys, lineage.units as u; u.show(7400.0, 'kWh'); u.number('5'); sys.exit('pint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
