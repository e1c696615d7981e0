"""Memory, measured in a process of its own: what other tests have left behind would move the measure."""

import ctypes
import gc
import os
import subprocess
import sys
from pathlib import Path


def resident():
    """Bytes that this process holds, without what malloc has free; 0 where the system is not Linux with glibc."""
    if not sys.platform.startswith("linux") or not hasattr(ctypes.CDLL(None), "malloc_trim"):
        return 0
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def printed_alone(file):
    """The whole numbers that this file prints when it runs as a program."""
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return [int(number) for number in done.stdout.split()]
