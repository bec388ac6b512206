"""The definitions that Dagster loads: assets, checks, resources, jobs, schedules, sensors."""
