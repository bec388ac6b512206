#!/usr/bin/env bash
# Days without a partition in Dagster: arXiv announces papers at 20:00 US Eastern, but not on Friday,
# Saturday and holidays, and time partitions have the argument `exclusions` for such days.
#
# Guess: an excluded datetime removes the partition of its day, whatever the time zone it is written in;
#     a moment of an excluded day belongs to no partition; a week depends on the days that are in it.
# What happens:
#   - With hour_offset=20 the date of the key excludes nothing, nor does the very start of the window in
#     UTC, both without a remark; only 20:00 in the time zone of the partitions does.
#   - get_partition_key_for_timestamp answers for a moment of an excluded day with the partition before
#     it, although the window of that one has ended.
#   - A week that begins after excluded days depends on the last day before them, too, which is
#     in the week before.
# Versions: dagster 1.13.28.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check dagster==1.13.28

cat >exclusions.py <<'PY'
import datetime as dt
import logging
from zoneinfo import ZoneInfo

import dagster as dg

logging.disable(logging.CRITICAL)
EASTERN = ZoneInfo("US/Eastern")
THANKSGIVING = dt.datetime(2026, 11, 26, 20, tzinfo=EASTERN)
FRIDAYS_AND_SATURDAYS = "0 20 * * 5,6"


def days(*exclusions: dt.datetime | str) -> dg.DailyPartitionsDefinition:
    return dg.DailyPartitionsDefinition(
        start_date="2026-11-01",
        end_date="2026-12-01",
        timezone="US/Eastern",
        hour_offset=20,
        exclusions=list(exclusions) or None,
    )


print("Is there a partition 2026-11-26 if this is excluded?")
for excluded in (
    dt.datetime(2026, 11, 26),
    THANKSGIVING.astimezone(dt.timezone.utc),
    THANKSGIVING,
    THANKSGIVING.replace(tzinfo=None),
):
    print(f"  {excluded}: {'2026-11-26' in days(excluded).get_partition_keys()}")

announcements = days(FRIDAYS_AND_SATURDAYS, THANKSGIVING)
key = announcements.get_partition_key_for_timestamp((THANKSGIVING + dt.timedelta(days=1)).timestamp())
window = announcements.time_window_for_partition_key(key)
print(f"Friday, 2026-11-27 20:00 is in {key}, which is from {window.start} to {window.end}")


@dg.asset(partitions_def=announcements)
def day() -> None: ...


@dg.asset(
    partitions_def=dg.WeeklyPartitionsDefinition(start_date="2026-11-01", timezone="US/Eastern"),
    deps=[day],
)
def week(context: dg.AssetExecutionContext) -> None:
    print(f"The week from {context.partition_key} depends on", *context.asset_partition_keys_for_input("day"))


dg.materialize([day, week], selection=[week], partition_key="2026-11-15")
PY
venv/bin/python -W ignore exclusions.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
Is there a partition 2026-11-26 if this is excluded?
  2026-11-26 00:00:00: True
  2026-11-27 01:00:00+00:00: True
  2026-11-26 20:00:00-05:00: False
  2026-11-26 20:00:00: False
Friday, 2026-11-27 20:00 is in 2026-11-25, which is from 2026-11-25 20:00:00-05:00 to 2026-11-26 20:00:00-05:00
The week from 2026-11-15 depends on 2026-11-12 2026-11-15 2026-11-16 2026-11-17 2026-11-18 2026-11-19
EXPECTED
