"""A product's own cost: from the jobs that made it, from a printed total, or unknown (ACCOUNTING.md)."""

from lineage.costs.figures import JobFigures, job_figures
from lineage.costs.inputs import Grid, Job, Supplies, System, read_jobs, read_products, read_supplies
from lineage.costs.own import Alternative, OwnCosts, own_costs
from lineage.costs.parts import Input, Part, own_cost_parts

__all__ = [
    "Alternative",
    "Grid",
    "Input",
    "Job",
    "JobFigures",
    "OwnCosts",
    "Part",
    "Supplies",
    "System",
    "job_figures",
    "own_cost_parts",
    "own_costs",
    "read_jobs",
    "read_products",
    "read_supplies",
]
