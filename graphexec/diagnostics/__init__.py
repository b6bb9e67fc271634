"""Diagnostics: what is wrong with a workflow, where, and what to do about it."""
