"""The room engine: what a frame, a review and the passing of time lead to. Pure.

Nothing in this package reads a clock, a socket or a database: time comes in as an argument and what
is to be done comes out as a value. Its tests alone cover each of its branches::

    coverage run --branch --source=src/hubbub/ivschat/engine \\
        -m pytest tests/unit/ivschat/engine
    coverage report --fail-under=100
"""
