"""`python -m hitless.sandbox.world`: the world's process."""

import sys

from hitless.sandbox.world.program import main

sys.exit(main(sys.argv[1:]))
