"""Samplers as steps: one family a module, one table of names."""
