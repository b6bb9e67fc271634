"""What all tests share: Hypothesis without deadlines, and one thread for torch in each of several workers."""

import os

from hypothesis import settings

# Workers that each spin on all cores slow each other down many times over. Set before anything imports torch.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# The first call of a test may import torch, which takes longer than Hypothesis gives an example.
settings.register_profile("graphexec", deadline=None)
settings.load_profile("graphexec")
