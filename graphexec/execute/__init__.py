"""Execution: the only place where node code runs."""
