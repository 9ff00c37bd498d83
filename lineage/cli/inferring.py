"""The command `inference`: what one inference of a product carries. (`serve` answers Cypher; this is another thing.)"""

from typing import TYPE_CHECKING

import click

from lineage.cli.figures import full_amount, header, unit_suffix
from lineage.cli.opening import stored_graph
from lineage.cli.options import Known, output_options, product_argument, run_options, store_option
from lineage.cli.output import Answer, Grid, Output
from lineage.cli.text import counted, plain_number, share
from lineage.kernels.depreciation import SCHEDULES
from lineage.run import Run
from lineage.units import show

if TYPE_CHECKING:
    from lineage.views.depreciation import Charge
    from lineage.views.inference import Component, InferenceSheet

__all__ = ["inference_command"]

_WORDS = {
    "operation": "operation (energy x grid)",
    "idle": "idle: ready, without an inference",
    "platform": "platform operations tax",
    "systems_embodied": "systems' embodied tax",
    "products_embodied": "share of the EPC",
    "retraining": "re-training share",
}
_SCHEDULES = {
    "straight": "in equal parts over the lifetime",
    "accelerated": "more in early years: the rate falls evenly to nothing over the lifetime",
    "per-use": "per inference, with a true-up",
}


@click.command("inference")
@product_argument
@click.option(
    "--schedule",
    type=Known(SCHEDULES),
    default="straight",
    show_default=True,
    help="How the EPC is written off: in equal parts, more in early years, or per use with a true-up.",
)
@click.option(
    "--inferences",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Inferences expected now over the whole lifetime, in place of what the product says.",
)
@click.option(
    "--lifetime", metavar="TIME", help="The lifetime, such as '3 years', in place of the product's."
)
@store_option
@run_options
@output_options
def inference_command(  # noqa: PLR0913 - one parameter per option
    product: str,
    schedule: str,
    inferences: float | None,
    lifetime: str | None,
    address: str,
    run: Run,
    output: Output,
) -> None:
    """Say what one inference of PRODUCT carries, upstream included, and how its EPC is written off.

    Operation, idle time, the platform's and the systems' taxes, the share of the EPC, and re-training; per inference
    and per 1,000, with EPC (never summed over products) and with burden (the one to sum).

    \b
    Example:
      lineage inference model:bloom-176b --lifetime '3 years' --inferences 1e9
      lineage inference model:bloom-176b --schedule per-use --inferences 5e8 --format json
    """
    from lineage.units import quantity
    from lineage.views.depreciation import Terms
    from lineage.views.inference import inference_sheet

    lifetime_h = None if lifetime is None else quantity(_spelled(lifetime), "h")
    terms = Terms(schedule=schedule, lifetime_h=lifetime_h, inferences=inferences)
    output.show(inference_answer(inference_sheet(stored_graph(address), product, run, terms)))


def _spelled(lifetime: str) -> str:
    """Return a lifetime with its year spelled out: people write "3y"."""
    text = lifetime.strip()
    return f"{text[:-1]} years" if text.endswith("y") and text[:-1].strip()[-1:].isdigit() else text


def inference_answer(sheet: "InferenceSheet") -> Answer:
    """Return the sheet: parts as a table, then the EPC, the schedule and what is not recovered."""
    unit = sheet.unit
    rows = [(_WORDS[part.name], *_cells(part, unit)) for part in sheet.components]
    known = sheet.known if sheet.total is None else sheet.total
    bound = "≥ " if known is not None and (sheet.total is None or sheet.at_least) else ""
    lower = "≥ " if sheet.at_least and sheet.total_additive is not None else ""
    additive = f"{lower}{show(sheet.total_additive, unit)}"
    rows.append(
        ("one inference", f"{bound}{show(known, unit)}", f"{bound}{show(_thousand(known), unit)}", additive)
    )
    needs = [
        f"  {_WORDS[part.name]}: needs {', '.join(part.needs)}" for part in sheet.components if part.needs
    ]
    notes = [
        "",
        "The first two are the paper's form and never summed over products; the last, with burden in place of EPC, is.",
    ]
    if needs:
        notes += ["Not known:", *needs]
    return Answer(
        document=sheet.as_dict(),
        records=[_record(part, unit) for part in sheet.components],
        columns=tuple(_record(sheet.components[0], unit)),
        title=header(sheet.run, f"One inference of {sheet.product}, upstream included"),
        grid=Grid(("part", "one inference", "1,000 inferences", "one, to be summed"), rows),
        notes=[*notes, "", *_facts(sheet), *_charge_lines(sheet), *_rest_lines(sheet)],
    )


def _thousand(value: float | None) -> float | None:
    return None if value is None else 1000 * value


def _cells(part: "Component", unit: str) -> tuple[str, str, str]:
    bound = "≥ " if part.at_least and part.per_inference is not None else ""
    values = (part.per_inference, part.per_thousand, part.additive)
    one, thousand, additive = (f"{bound}{show(value, unit)}" for value in values)
    return one, thousand, additive


def _record(part: "Component", unit: str) -> dict[str, object]:
    suffix = unit_suffix(unit)
    return {
        "part": part.name,
        f"per_inference_{suffix}": part.per_inference,
        f"per_thousand_{suffix}": part.per_thousand,
        f"additive_per_inference_{suffix}": part.additive,
        "at_least": part.at_least,
        "needs": "; ".join(part.needs),
    }


# -- below the table ---------------------------------------------------------------------------------------


def _facts(sheet: "InferenceSheet") -> list[str]:
    unit = sheet.unit
    expected = "?" if sheet.expected_inferences is None else plain_number(sheet.expected_inferences)
    count = "no inference job"
    if sheet.inferences is not None:
        count = f"{counted(sheet.jobs, 'inference job')} for {plain_number(sheet.inferences)} inferences"
    lines = [
        f"EPC {full_amount(sheet.epc, unit)}, burden {full_amount(sheet.burden, unit)}; "
        f"lifetime {_lifetime(sheet.lifetime_h)}, {expected} inferences expected; {count}",
        f"EPC per inference by lifetime {show(sheet.by_lifetime, unit)}, by volume {show(sheet.by_volume, unit)}",
    ]
    if sheet.uncounted:
        lines.append(
            f"{counted(sheet.uncounted, 'inference job')} without a number of inferences: counted as one each"
        )
    if sheet.idle_share:
        lines.append(f"{share(sheet.idle_share)} of running it is idle")
    return lines


def _lifetime(hours: float | None) -> str:
    return "?" if hours is None else f"{hours / 8760:.4g} years"


def _charge_lines(sheet: "InferenceSheet") -> list[str]:
    unit, schedule = sheet.unit, sheet.terms.schedule
    lines = ["", f"Written off {_SCHEDULES[schedule]}:"]
    if not sheet.charges:
        lacking = "inferences expected (--inferences)" if schedule == "per-use" else "a lifetime (--lifetime)"
        return [*lines, f"  needs {lacking}"]
    return [*lines, *(f"  {_charge_line(charge, unit)}" for charge in sheet.charges)]


def _charge_line(charge: "Charge", unit: str) -> str:
    each = "" if charge.per_inference is None else f", {show(charge.per_inference, unit)} each"
    used = "" if charge.inferences is None else f" over {_count(charge.inferences)} inferences{each}"
    return f"{charge.period}: {share(charge.share)}, {show(charge.charged, unit)}{used}; left {show(charge.left, unit)}"


def _count(inferences: float) -> str:
    return f"{inferences:,.0f}" if inferences >= 100 else f"{inferences:.4g}"


def _rest_lines(sheet: "InferenceSheet") -> list[str]:
    unit = sheet.unit
    recovered, rest = show(sheet.recovered, unit), show(sheet.unrecovered, unit)
    lines = ["", f"The known jobs carry {recovered} of the EPC; not recovered: {rest}"]
    if sheet.unrecovered_additive is not None:
        lines[-1] += f" ({show(sheet.unrecovered_additive, unit)} of the burden)"
    if sheet.due:
        word = "left to charge at once" if sheet.due > 0 else "charged too much"
        lines.append(f"No more inferences are expected: {show(abs(sheet.due), unit)} {word}")
    if sheet.unassigned_operation != 0:  # None is not known, which is not nothing
        lines.append(f"Re-training without an inference: {show(sheet.unassigned_operation, unit)}")
    return lines
