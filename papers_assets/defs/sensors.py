"""The sensors: follow-up runs, alerts on failures, killed runs, and edits of keywords.toml."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from papers_assets import checks
from papers_assets.defs.jobs import DAILY_JOB, ENDED_STATUSES, PUBLISH_JOB
from papers_assets.defs.resources import StoreResource
from papers_assets.defs.run_history import fail_orphaned_runs, is_command_line_run
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.notify.alerts import send_alert
from papers_assets.settings import AlertError, AlertSettings, SettingsError
from papers_assets.storage.last_valid_keywords import read_or_last_valid

if TYPE_CHECKING:
    # The type that define_asset_job returns, which is not among Dagster's public names.
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition as AssetJob,
    )


def build_harvest_sensors(harvest: "AssetJob", daily: "AssetJob") -> list[dg.SensorDefinition]:
    """Build the sensors that start the daily job after a harvest, whether it succeeded or failed.

    After a failure, the README still has to show that it is not from today.
    """

    def sensor(status: dg.DagsterRunStatus) -> dg.SensorDefinition:
        @dg.run_status_sensor(
            name=f"daily_papers_after_harvest_{status.value.lower()}",
            run_status=status,
            monitored_jobs=[harvest],
            request_job=daily,
            default_status=dg.DefaultSensorStatus.RUNNING,
            description="Looks for every keyword in what was harvested, and publishes.",
        )
        def follow(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
            run = context.dagster_run
            if is_command_line_run(run):
                return dg.SkipReason("The command line does that itself.")
            return dg.RunRequest(run_key=run.run_id, job_name=DAILY_JOB)

        return follow

    return [sensor(status) for status in ENDED_STATUSES]


def build_failure_sensor(publish: "AssetJob") -> dg.SensorDefinition:
    """Build the sensor that updates the README after a run that refreshed no keyword at all.

    Such a run brings no new data, so `publish_when_new` does not publish.
    """

    @dg.run_failure_sensor(
        name="publish_after_failure",
        request_job=publish,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Notes in the README that nothing could be refreshed, and why.",
    )
    def publish_after_failure(context: dg.RunFailureSensorContext) -> dg.RunRequest | dg.SkipReason:
        run = context.dagster_run
        arrived = {dg.DagsterEventType.ASSET_MATERIALIZATION}
        if is_command_line_run(run):
            return dg.SkipReason("The command line publishes what it ran.")
        if context.instance.all_logs(run.run_id, of_type=arrived):
            return dg.SkipReason("Something arrived: publish_when_new publishes it.")
        if not any(event.step_key == "raw_papers" for event in context.get_step_failure_events()):
            return dg.SkipReason("Not because of a keyword.")
        return dg.RunRequest(run_key=run.run_id, job_name=PUBLISH_JOB)

    return publish_after_failure


_GIVE_UP_AFTER = timedelta(days=3)
_OVERLAP = timedelta(minutes=10)
"""The overlap of successive queries: some runs are recorded later than their timestamp."""
_MAX_REMEMBERED_RUNS = 200
_INTERVAL_SECONDS = 30


@dataclass
class _AlertCursor:
    """The progress of alerts on one channel; the sensor's cursor contains one for each channel.

    Dagster's own failure sensor advances its cursor even if its code fails, and loses that alert.
    """

    checked_until: datetime
    """Runs that failed more than `_OVERLAP` before this time are done."""
    sent_run_ids: list[str]
    """The ids of later runs that are done."""

    def mark_sent(self, run_id: str, failed_at: datetime) -> None:
        self.checked_until = max(self.checked_until, failed_at)
        self.sent_run_ids = [*self.sent_run_ids, run_id][-_MAX_REMEMBERED_RUNS:]


def build_alert_sensor(alerts: AlertSettings, now: Callable[[], datetime]) -> dg.SensorDefinition:
    """Build the sensor; it is stopped by default until `alerts` names a channel or has a problem.

    An alert that cannot be sent is repeated every 30 seconds, for 3 days: during a network outage,
    neither papers nor alerts get through.
    """

    @dg.sensor(
        name="alert_on_failure",
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING
        if alerts.channels or alerts.problem
        else dg.DefaultSensorStatus.STOPPED,
        description=(
            "Tells a webhook (PAPERS_ALERT_WEBHOOK) or people (PAPERS_ALERT_EMAIL, by the server "
            "PAPERS_SMTP_URL) when a run failed, and why. Off until one of them is set."
        ),
    )
    def alert_on_failure(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        if alerts.problem:  # a failed tick is visible, and affects nothing else
            raise SettingsError(alerts.problem)
        if not alerts.channels:
            reason = "Set PAPERS_ALERT_WEBHOOK or PAPERS_ALERT_EMAIL first."
            return dg.SensorResult(skip_reason=reason)
        problems = []
        told = _read_cursors(context.cursor, alerts, context.instance, now())
        for channel, of_channel in told.items():
            try:
                _send_next(alerts, channel, context.instance, of_channel)
            except AlertError as error:
                context.log.error("%s Trying again.", error)  # noqa: TRY400 - no traceback is needed
                problems.append(f"{error} Trying again.")
        cursor = json.dumps(
            {
                name: {"until": t.checked_until.isoformat(), "runs": t.sent_run_ids}
                for name, t in told.items()
            }
        )
        reason = " ".join(problems) or "Everybody has been told of what failed."
        return dg.SensorResult(skip_reason=reason, cursor=cursor)

    return alert_on_failure


def _read_cursors(
    cursor: str | None, alerts: AlertSettings, instance: dg.DagsterInstance, now: datetime
) -> dict[str, _AlertCursor]:
    known = json.loads(cursor) if cursor else {}
    told = {}
    for channel in alerts.channels:
        if channel in known:
            until = datetime.fromisoformat(known[channel]["until"])
            told[channel] = _AlertCursor(max(until, now - _GIVE_UP_AFTER), known[channel]["runs"])
        else:  # no alerts for failures before the channel was configured
            failed = _find_failed_runs(instance, now - _OVERLAP)
            told[channel] = _AlertCursor(now, [record.dagster_run.run_id for record in failed])
    return told


def _find_failed_runs(instance: dg.DagsterInstance, since: datetime) -> Sequence[dg.RunRecord]:
    return instance.get_run_records(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=since),
        order_by="update_timestamp",
        ascending=True,
    )


def _send_next(
    alerts: AlertSettings, channel: str, instance: dg.DagsterInstance, cursor: _AlertCursor
) -> None:
    """Send an alert about the oldest unreported run; only one, since a tick must be short."""
    for record in _find_failed_runs(instance, cursor.checked_until - _OVERLAP):
        run, failed_at = record.dagster_run, record.update_timestamp.replace(tzinfo=UTC)
        if run.run_id in cursor.sent_run_ids:
            continue
        if is_command_line_run(run):
            cursor.mark_sent(run.run_id, failed_at)
            continue
        text = f"{describe_failure(instance, run.run_id)}\n\nRun {run.run_id}"
        send_alert(alerts, channel, f"papers-assets: {run.job_name} failed", text)
        cursor.mark_sent(run.run_id, failed_at)
        return


def describe_failure(instance: dg.DagsterInstance, run_id: str) -> str:
    """Return why a run failed: the reasons of its steps, or else the run's own."""
    steps, own = [], ""
    wanted = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    for record in instance.all_logs(run_id, of_type=wanted):
        event = record.get_dagster_event()
        if event.event_type is dg.DagsterEventType.RUN_FAILURE:
            own = event.message or ""
        elif (failure := event.step_failure_data).user_failure_data is not None:
            steps.append(f"{event.step_key}: {failure.user_failure_data.description}")
        elif failure.error is not None:
            cause = failure.error.cause or failure.error
            steps.append(f"{event.step_key}: {cause.message.strip()}")
    return "\n".join(steps) or own or "It ended without a word."


def build_dead_runs_sensor() -> dg.SensorDefinition:
    """Build the sensor that marks runs of the command line whose process was killed as failed.

    Until then they count as in progress: other fetching runs stay queued, and nothing is published.
    """

    @dg.sensor(
        name="end_dead_runs",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Marks runs of `papers run` whose process was killed as failed.",
    )
    def dead_runs(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SkipReason:
        ended = fail_orphaned_runs(context.instance, store.open().locks_folder)
        return dg.SkipReason(f"Runs marked as failed: {', '.join(ended) or 'none'}.")

    return dead_runs


_VALID_TEXT = "keywords.toml is valid."


def build_keywords_file_sensor(keywords_config: KeywordsConfig, home: Path) -> dg.SensorDefinition:
    """Build the sensor, which is running by default.

    Its cursor is the problem of the file, or the text that the file is valid.
    """

    @dg.sensor(
        name="check_keywords_file",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Evaluates the check keywords_file_valid of papers when keywords.toml changes.",
    )
    def check_keywords_file(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        result = checks.check_keywords_file(read_or_last_valid(keywords_config.path, home))
        state = _VALID_TEXT if result.passed else result.description
        if state == (context.cursor or _VALID_TEXT):
            return dg.SkipReason(state)
        evaluation = dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey("papers"),
            check_name=result.name,
            passed=result.passed,
            severity=dg.AssetCheckSeverity[result.severity.name],
            description=result.description,
            metadata=dict(result.numbers),
        )
        return dg.SensorResult(asset_events=[evaluation], cursor=state)

    return check_keywords_file
