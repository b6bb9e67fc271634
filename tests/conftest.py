"""What all tests share: Hypothesis without deadlines, because the first call of a test may import torch."""

from hypothesis import settings

settings.register_profile("graphexec", deadline=None)
settings.load_profile("graphexec")
