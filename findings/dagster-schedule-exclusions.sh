#!/usr/bin/env bash
# Dagster's schedules and automation for daily partitions that leave out Fridays, Saturdays and a holiday, the
# days without an announcement at arXiv.
#
# Guess: build_schedule_from_partitioned_job and AutomationCondition.on_cron request each partition once, and
#     nothing on the days that are left out.
# What happens: both have a tick for every day, and each tick after a day that was left out requests the newest
#     partition once more: at Thanksgiving the same partition on Thursday, Friday, Saturday and Sunday. (The
#     schedule's run key does not prevent this: it is compared within one tick only.)
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


DAYS = dg.DailyPartitionsDefinition(
    start_date="2026-11-01",
    timezone="US/Eastern",
    hour_offset=20,
    exclusions=["0 20 * * 5,6", THANKSGIVING],
)


@dg.asset(partitions_def=DAYS)
def scheduled() -> None: ...


@dg.asset(partitions_def=DAYS, automation_condition=dg.AutomationCondition.on_cron("0 20 * * *", "US/Eastern"))
def automated() -> None: ...


job = dg.define_asset_job("daily", [scheduled])
definitions = dg.Definitions(
    [scheduled, automated], jobs=[job], schedules=[dg.build_schedule_from_partitioned_job(job)]
)
repository = definitions.get_repository_def()
schedule = repository.get_schedule_def("daily_schedule")
print("the schedule's cron:", schedule.cron_schedule, schedule.execution_timezone)
cursor = None
with dg.DagsterInstance.ephemeral() as instance:
    for days in range(-3, 6):
        tick = THANKSGIVING + dt.timedelta(days=days)
        context = dg.build_schedule_context(scheduled_execution_time=tick, repository_def=repository)
        by_schedule = [request.partition_key for request in schedule.evaluate_tick(context).run_requests]
        by_condition = []
        for minutes in (1, 2):
            result = dg.evaluate_automation_conditions(
                definitions, instance, evaluation_time=tick + dt.timedelta(minutes=minutes), cursor=cursor
            )
            cursor = result.cursor
            for key in result.get_requested_partitions(automated.key):
                instance.report_runless_asset_event(dg.AssetMaterialization("automated", partition=key))
                by_condition.append(key)
        print(f"{tick:%a %Y-%m-%d %H:%M}: schedule {by_schedule}, on_cron {by_condition}")
PY
venv/bin/python -W ignore ticks.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
the schedule's cron: 0 20 * * * US/Eastern
Mon 2026-11-23 20:00: schedule ['2026-11-22'], on_cron []
Tue 2026-11-24 20:00: schedule ['2026-11-23'], on_cron ['2026-11-23']
Wed 2026-11-25 20:00: schedule ['2026-11-24'], on_cron ['2026-11-24']
Thu 2026-11-26 20:00: schedule ['2026-11-25'], on_cron ['2026-11-25']
Fri 2026-11-27 20:00: schedule ['2026-11-25'], on_cron ['2026-11-25']
Sat 2026-11-28 20:00: schedule ['2026-11-25'], on_cron ['2026-11-25']
Sun 2026-11-29 20:00: schedule ['2026-11-25'], on_cron ['2026-11-25']
Mon 2026-11-30 20:00: schedule ['2026-11-29'], on_cron ['2026-11-29']
Tue 2026-12-01 20:00: schedule ['2026-11-30'], on_cron ['2026-11-30']
EXPECTED
