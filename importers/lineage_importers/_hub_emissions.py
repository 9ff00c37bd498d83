"""`co2_eq_emissions` of a card: grams of CO2 equivalent as a number, a text, or an object.

The Hub's documentation asks for grams, and its client takes the first number of a text; so "1,200" has been
read as 1 and "5 kg" as 5. Here a text is read with its unit or not at all, and every figure keeps the tier
`reported`: a card that names CodeCarbon as its source still only reports.
"""

from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from lineage.errors import UnitError
from lineage_importers._hub_columns import shown

if TYPE_CHECKING:
    from lineage_importers._hub_details import Details

__all__ = ["LEAST_GCO2E", "MOST_GCO2E", "figures"]

# One gram-thousandth is a laptop for a fifth of a second; 10^8 g (100 t) is more than BLOOM's 24.7 t four
# times over.
LEAST_GCO2E: Final = 1e-3
MOST_GCO2E: Final = 1e8

CIRCUMSTANCES: Final = ("training_type", "geographical_location", "hardware_used")
NOT_GIVEN: Final = (
    "",
    "not specified",
    "unknown",
    "none",
    "n/a",
    "na",
    "null",
    "tbd",
    "[more information needed]",
)


def figures(card: "Details", value: Any) -> dict[str, Any]:
    """Return columns of the products table for `co2_eq_emissions`; empty if it states no figure.

    `own_carbon_gco2e` is in g of CO2e; training type, location and hardware become attributes. A magnitude
    outside `LEAST_GCO2E` to `MOST_GCO2E` keeps the value as stated, with the finding `unit-suspect`.
    """
    if value is None:
        return {}
    columns: dict[str, Any] = {}
    stated = value
    if isinstance(value, dict):
        stated = value.get("emissions")
        columns |= _circumstances(card, value)
    grams = _grams(card, stated)
    if grams is None:
        return columns
    if not LEAST_GCO2E <= grams <= MOST_GCO2E:
        span = f"{LEAST_GCO2E:g} to {MOST_GCO2E:g} g"
        text = f"{shown(stated)} read as {grams:g} gCO2e is outside {span}; perhaps not in grams"
        card.note("unit-suspect", "co2_eq_emissions", text)
    return {**columns, "own_carbon_gco2e": grams, "tier": "reported"}


def _circumstances(card: "Details", value: dict[Any, Any]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for key in ("source", *CIRCUMSTANCES):
        text = value.get(key)
        if isinstance(text, str):
            if text.strip().lower() not in NOT_GIVEN:
                columns["citation" if key == "source" else f"co2_{key}"] = text.strip()
        elif text is not None:
            card.note(
                "ignored-value", "co2_eq_emissions", f"{key}: text expected, not {shown(text)}; left out"
            )
    return columns


def _grams(card: "Details", stated: Any) -> float | None:
    """Return grams, or None with a finding where that is not what the text says."""
    if stated is None or (isinstance(stated, str) and stated.strip().lower() in NOT_GIVEN):
        return None
    if isinstance(stated, int | float) and not isinstance(stated, bool):
        return _checked(card, stated, stated)
    if not isinstance(stated, str):
        card.refuse("co2_eq_emissions", f"a number of grams expected, not {shown(stated)}")
        return None
    from lineage import units

    doubt = units.suspect(stated)
    try:
        grams = units.quantity(stated, "gCO2e", bare="g")
    except UnitError as problem:
        card.refuse("co2_eq_emissions", f"{shown(stated)} is not an amount of CO2e: {problem}")
        return None
    card.note("repaired-value", "co2_eq_emissions", f"{shown(stated)} read as {grams:g} gCO2e")
    if doubt:
        card.note("unit-suspect", "co2_eq_emissions", doubt)
    return _checked(card, grams, stated)


def _checked(card: "Details", grams: float, stated: Any) -> float | None:
    try:
        amount = float(grams)
    except OverflowError:
        amount = float("inf")
    if isfinite(amount) and amount >= 0:
        return amount
    card.refuse("co2_eq_emissions", f"{shown(stated)} is not an amount of CO2e; 0 or more expected")
    return None
