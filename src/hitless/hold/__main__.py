"""`python -m hitless.hold`: the daemon."""

import sys

from hitless.hold.start import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
