"""What all tests share: Hypothesis without deadlines, and one thread for each of several workers."""

import os

from hypothesis import settings

settings.register_profile("graphexec", deadline=None)  # the first call of a test may import torch
settings.load_profile("graphexec")

if "PYTEST_XDIST_WORKER" in os.environ:  # before torch is imported: workers that share cores slow each other many times
    os.environ.setdefault("OMP_NUM_THREADS", "1")
