"""python -m bench [--only WORKLOAD] [--server SERVER] [--quick]"""

import sys

from bench.run import main

sys.exit(main())
