#!/usr/bin/env bash
# Dagster's schedule for a job with daily partitions that leave out Fridays, Saturdays and a holiday, the days
# without an announcement at arXiv.
#
# Guess: build_schedule_from_partitioned_job has a tick for each partition, or skips the ticks of days that
#     are left out, with a message.
# What happens: it has a tick for every day, and each tick after a day that was left out requests a run for
#     the newest partition once more: at Thanksgiving the same partition is requested on Thursday, Friday,
#     Saturday and Sunday. (The run key does not prevent this: a schedule compares it within one tick only.)
# Versions: dagster 1.13.28.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check dagster==1.13.28

cat >ticks.py <<'PY'
import datetime as dt
import logging
from zoneinfo import ZoneInfo

import dagster as dg

logging.disable(logging.CRITICAL)
EASTERN = ZoneInfo("US/Eastern")
THANKSGIVING = dt.datetime(2026, 11, 26, 20, tzinfo=EASTERN)


@dg.asset(
    partitions_def=dg.DailyPartitionsDefinition(
        start_date="2026-11-01",
        timezone="US/Eastern",
        hour_offset=20,
        exclusions=["0 20 * * 5,6", THANKSGIVING],
    )
)
def papers() -> None: ...


job = dg.define_asset_job("daily", [papers])
schedule = dg.build_schedule_from_partitioned_job(job)
definitions = dg.Definitions([papers], jobs=[job], schedules=[schedule])
repository = definitions.get_repository_def()
schedule = repository.get_schedule_def("daily_schedule")
print("cron:", schedule.cron_schedule, schedule.execution_timezone)
for days in range(-2, 6):
    tick = THANKSGIVING + dt.timedelta(days=days)
    context = dg.build_schedule_context(scheduled_execution_time=tick, repository_def=repository)
    requests = schedule.evaluate_tick(context).run_requests
    print(f"{tick:%a %Y-%m-%d %H:%M}:", *(f"run {request.partition_key}" for request in requests))
PY
venv/bin/python -W ignore ticks.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
cron: 0 20 * * * US/Eastern
Tue 2026-11-24 20:00: run 2026-11-23
Wed 2026-11-25 20:00: run 2026-11-24
Thu 2026-11-26 20:00: run 2026-11-25
Fri 2026-11-27 20:00: run 2026-11-25
Sat 2026-11-28 20:00: run 2026-11-25
Sun 2026-11-29 20:00: run 2026-11-25
Mon 2026-11-30 20:00: run 2026-11-29
Tue 2026-12-01 20:00: run 2026-11-30
EXPECTED
