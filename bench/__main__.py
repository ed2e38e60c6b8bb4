"""python -m bench [--only WORKLOAD] [--quick]"""

from bench.run import main

main()
