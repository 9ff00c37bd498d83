"""Strategies: reuse against from scratch, policies beside each other, what to build on and what to measure next."""

from lineage.strategies.advice import recommend
from lineage.strategies.allotments import policies
from lineage.strategies.planned import compare_plan
from lineage.strategies.plans import Plan
from lineage.strategies.realised import compare

__all__ = ["Plan", "compare", "compare_plan", "policies", "recommend"]
