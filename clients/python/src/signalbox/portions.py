"""Many topics, in as many frames as it takes."""

from __future__ import annotations

import json
from typing import List, Optional, Sequence, TypeVar

#: Bytes of a frame besides its topics, at most: its type and its id.
AROUND = 128
#: What every server takes, as long as this one has not said more.
BYTES_AT_FIRST = 4_096

T = TypeVar("T")


def portions(topics: Sequence[T], frame_bytes: Optional[int]) -> List[List[T]]:
    """In their order, as many together as a message of `limits.frame_bytes` holds; each portion has one at least."""
    all: List[List[T]] = []
    left = 0
    for topic in topics:
        # With the comma. What is not ASCII is escaped.
        size = len(json.dumps(topic)) + 2
        if all and size <= left:
            left -= size
            all[-1].append(topic)
        else:
            left = (frame_bytes or BYTES_AT_FIRST) - AROUND - size
            all.append([topic])
    return all
