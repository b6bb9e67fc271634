"""What all tests share: Hypothesis without deadlines, no cache of the user's, one thread a worker."""

import atexit
import os
import shutil
import tempfile

from hypothesis import settings

settings.register_profile("graphexec", deadline=None)  # the first call of a test may import torch
settings.load_profile("graphexec")

os.environ["GRAPHEXEC_CACHE"] = "off"
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="graphexec-cache-")  # for programs without the line above
atexit.register(shutil.rmtree, os.environ["XDG_CACHE_HOME"], ignore_errors=True)

if "PYTEST_XDIST_WORKER" in os.environ:  # before torch is imported: workers that share cores slow each other many times
    os.environ.setdefault("OMP_NUM_THREADS", "1")
