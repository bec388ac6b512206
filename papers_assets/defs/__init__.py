"""Dagster definitions: assets, checks, resources, jobs, schedules and sensors."""
