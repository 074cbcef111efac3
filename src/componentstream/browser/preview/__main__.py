"""``python -m componentstream.browser.preview``: build the frame of the live preview."""

import sys

from componentstream.browser.preview.building import main

if __name__ == "__main__":
    sys.exit(main())
