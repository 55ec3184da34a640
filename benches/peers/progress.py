"""How far a run has come, on the standard error."""

import sys
import time

BEGUN = time.monotonic()


def say(text):
    print(f"{time.monotonic() - BEGUN:6.0f} s  {text}", file=sys.stderr, flush=True)
