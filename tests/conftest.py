"""The suite runs in two processes side by side, each on one thread: more threads than cores wait for each other."""

import os

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # read by torch when it is imported
