"""The library is typed throughout."""

import subprocess
import sys
from pathlib import Path


def test_the_library_satisfies_mypy():
    folder = Path(__file__).parent.parent
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", "/dev/null", "src"]
    checked = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
