"""Workflows in another format: writers that need the interfaces of node types, and the proof that nothing changed."""
