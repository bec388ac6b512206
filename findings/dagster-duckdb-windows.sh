#!/usr/bin/env bash
# A table of papers in DuckDB with a daily partition, kept by Dagster's DuckDBPandasIOManager, whose
# `partition_expr` is the column with the date of submission.
#
# Guess: materializing a day again replaces what was stored for that day, and the day is loaded as it was
#     stored. (arXiv's list of a day has papers submitted the day before and at weekends.)
# What happens: all rows of the frame are stored, but only those whose date is in the window of the partition
#     are removed and loaded. The others are added once more by each run, never loaded for this partition, and
#     loaded with the partition of their date, with all copies. All runs succeed.
# Versions: dagster 1.13.27, dagster-duckdb-pandas 0.29.27, duckdb 2.0.1, pandas 2.3.3.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    dagster==1.13.27 dagster-duckdb-pandas==0.29.27 duckdb==2.0.1 pandas==2.3.3

cat >windows.py <<'PY'
import logging

import dagster as dg
import pandas as pd
from dagster_duckdb_pandas import DuckDBPandasIOManager

logging.disable(logging.CRITICAL)
DAYS = dg.DailyPartitionsDefinition(start_date="2026-11-19", end_date="2026-11-21")
LISTED = {
    "2026-11-19": {"2613.00001": "2026-11-19 08:00"},
    "2026-11-20": {"2613.00002": "2026-11-19 19:30", "2613.00003": "2026-11-20 17:00"},
}


@dg.asset(partitions_def=DAYS, metadata={"partition_expr": "submitted"})
def papers(context: dg.AssetExecutionContext) -> pd.DataFrame:
    listed = LISTED[context.partition_key]
    return pd.DataFrame({"id": list(listed), "submitted": pd.to_datetime(list(listed.values()))})


@dg.asset(partitions_def=DAYS)
def loaded(context: dg.AssetExecutionContext, papers: pd.DataFrame) -> None:
    print(f"loaded for {context.partition_key}:", *sorted(papers["id"]))


store = {"io_manager": DuckDBPandasIOManager(database="papers.duckdb", schema="main")}
with dg.DagsterInstance.ephemeral() as instance:
    for day in ("2026-11-19", "2026-11-20", "2026-11-20", "2026-11-20"):
        dg.materialize([papers], partition_key=day, resources=store, instance=instance)
    for day in LISTED:
        dg.materialize([papers, loaded], selection=[loaded], partition_key=day, resources=store, instance=instance)
PY
venv/bin/python -W ignore windows.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
loaded for 2026-11-19: 2613.00001 2613.00002 2613.00002 2613.00002
loaded for 2026-11-20: 2613.00003
EXPECTED
