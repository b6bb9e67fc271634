"""Sweeps: one workflow with many values, planned as a whole, each piece of work done once, shown on a contact sheet."""
