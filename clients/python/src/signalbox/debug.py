"""Where a client tells what it does, line by line, if it is asked to."""

from __future__ import annotations

import logging
import sys
from typing import Any, Callable, Optional, Union

_log = logging.getLogger("signalbox")


def debug_to(debug: Union[bool, Callable[[str], Any]]) -> Optional[Callable[[str], Any]]:
    if callable(debug):
        return debug
    return _logged if debug else None


def _logged(line: str) -> None:
    # Without a handler anywhere `logging` shows warnings and errors only.
    if _log.hasHandlers():
        _log.info("%s", line)
    else:
        print(f"[signalbox] {line}", file=sys.stderr, flush=True)
