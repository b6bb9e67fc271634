"""A pack that cannot be imported."""

raise ValueError("this pack was written in a hurry")
