"""Scenarios of a lineage and what they move; how figures moved through time (docs/whatif.md, docs/time.md)."""

from lineage.scenarios.applying import apply
from lineage.scenarios.change import Change
from lineage.scenarios.differences import Diff, Difference, diff, differences
from lineage.scenarios.effects import WhatIf, whatif
from lineage.scenarios.quick import Quick
from lineage.scenarios.restatement import Restatement, restate
from lineage.scenarios.scenario import Scenario
from lineage.scenarios.sweeps import Range, Swept, sweep

__all__ = [
    "Change",
    "Diff",
    "Difference",
    "Quick",
    "Range",
    "Restatement",
    "Scenario",
    "Swept",
    "WhatIf",
    "apply",
    "diff",
    "differences",
    "restate",
    "sweep",
    "whatif",
]
