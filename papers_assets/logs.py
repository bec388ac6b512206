"""The logger for what is of interest only until the next thing happens.

What stays of interest is logged below `papers_assets`, which Dagster writes into the run's log (see
dagster.yaml): a line there costs milliseconds and is kept. "waiting 2.9 s" should do neither.
"""

import logging

PROGRESS = "papers_progress"
progress = logging.getLogger(PROGRESS)
"""INFO: what begins now. DEBUG: what it is waiting for."""
