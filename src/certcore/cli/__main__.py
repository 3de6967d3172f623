"""``python -m certcore.cli``: the same as the script ``certcore``."""

import sys

from certcore.cli import main

if __name__ == "__main__":
    sys.exit(main())
