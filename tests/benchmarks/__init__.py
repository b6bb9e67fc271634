"""Benchmarks: `python -m tests.benchmarks [NAME ...]` measures what the documentation claims, beside other programs."""
