"""Proof that renders stay what they are: lock files, what has drifted from them, and verification of new renders."""
