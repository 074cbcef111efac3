"""``python -m componentstream``."""

import sys

from componentstream.cli import main

if __name__ == "__main__":
    sys.exit(main())
