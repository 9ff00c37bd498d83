"""Benchmarks: every target of the kernels as a ratio, both sides measured alternately in one process."""
