"""The sensor that tells somebody when a run failed, once, and until it has reached them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from papers_assets import checks
from papers_assets.defs.jobs import DAILY, ENDED, PUBLISH
from papers_assets.defs.resources import StoreResource
from papers_assets.defs.run_history import end_dead_runs, is_of_command_line
from papers_assets.keywords.model import KeywordsFile
from papers_assets.notify.alerts import send
from papers_assets.settings import AlertError, Alerts, SettingsError
from papers_assets.storage.last_valid_keywords import read_or_stored

if TYPE_CHECKING:
    # What define_asset_job gives; Dagster's public names do not include it.
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition as AssetJob,
    )


def harvested_sensors(harvest: "AssetJob", daily: "AssetJob") -> list[dg.SensorDefinition]:
    """Make the sensors that look for the keywords when days came in, or when some could not.

    Then, too: the README has to say that it is not of today.
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
            if is_of_command_line(run):
                return dg.SkipReason("The command line does that itself.")
            return dg.RunRequest(run_key=run.run_id, job_name=DAILY)

        return follow

    return [sensor(status) for status in ENDED]


def failure_sensor(publish: "AssetJob") -> dg.SensorDefinition:
    """Make the sensor that lets the README say so when no keyword at all was refreshed.

    Then nothing new arrives, and `publish_when_new` has no reason to publish.
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
        if is_of_command_line(run):
            return dg.SkipReason("The command line publishes what it ran.")
        if context.instance.all_logs(run.run_id, of_type=arrived):
            return dg.SkipReason("Something arrived: publish_when_new publishes it.")
        if not any(event.step_key == "raw_papers" for event in context.get_step_failure_events()):
            return dg.SkipReason("Not because of a keyword.")
        return dg.RunRequest(run_key=run.run_id, job_name=PUBLISH)

    return publish_after_failure


_GIVEN_UP_AFTER = timedelta(days=3)
_OVERLAP = timedelta(minutes=10)
"""By how much runs are read again: some are recorded later than they say."""
_REMEMBERED = 200
_INTERVAL = 30


@dataclass
class _Told:
    """What has gone out by one channel; the sensor's cursor has one for each.

    (Dagster's own sensor of failures moves on when its code fails, and forgets what it could not.)
    """

    until: datetime
    """Runs that failed up to `_OVERLAP` before then are done with."""
    runs: list[str]
    """Of those since, the ids of runs that are."""

    def done(self, run_id: str, failed_at: datetime) -> None:
        self.until = max(self.until, failed_at)
        self.runs = [*self.runs, run_id][-_REMEMBERED:]


def alert_sensor(alerts: Alerts, now: Callable[[], datetime]) -> dg.SensorDefinition:
    """Make the sensor; it is off until `alerts` says whom to tell, or cannot be understood.

    A message that cannot be sent is tried again every 30 seconds, for 3 days: who has no network
    gets no papers, and no word of it either, before it is back.
    """

    @dg.sensor(
        name="alert_on_failure",
        minimum_interval_seconds=_INTERVAL,
        default_status=dg.DefaultSensorStatus.RUNNING
        if alerts.channels or alerts.problem
        else dg.DefaultSensorStatus.STOPPED,
        description=(
            "Tells a webhook (PAPERS_ALERT_WEBHOOK) or people (PAPERS_ALERT_EMAIL, by the server "
            "PAPERS_SMTP_URL) when a run failed, and why. Off until one of them is set."
        ),
    )
    def alert_on_failure(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        if alerts.problem:  # a tick that fails is seen, and stops nothing else
            raise SettingsError(alerts.problem)
        if not alerts.channels:
            reason = "Set PAPERS_ALERT_WEBHOOK or PAPERS_ALERT_EMAIL first."
            return dg.SensorResult(skip_reason=reason)
        problems = []
        told = _read(context.cursor, alerts, context.instance, now())
        for channel, of_channel in told.items():
            try:
                _tell_next(alerts, channel, context.instance, of_channel)
            except AlertError as error:
                context.log.error("%s Trying again.", error)  # noqa: TRY400 - a story
                problems.append(f"{error} Trying again.")
        cursor = json.dumps(
            {name: {"until": t.until.isoformat(), "runs": t.runs} for name, t in told.items()}
        )
        reason = " ".join(problems) or "Everybody has been told of what failed."
        return dg.SensorResult(skip_reason=reason, cursor=cursor)

    return alert_on_failure


def _read(
    cursor: str | None, alerts: Alerts, instance: dg.DagsterInstance, now: datetime
) -> dict[str, _Told]:
    known = json.loads(cursor) if cursor else {}
    told = {}
    for channel in alerts.channels:
        if channel in known:
            until = datetime.fromisoformat(known[channel]["until"])
            told[channel] = _Told(max(until, now - _GIVEN_UP_AFTER), known[channel]["runs"])
        else:  # what failed before somebody was to be told is nobody's news
            failed = _failed_since(instance, now - _OVERLAP)
            told[channel] = _Told(now, [record.dagster_run.run_id for record in failed])
    return told


def _failed_since(instance: dg.DagsterInstance, moment: datetime) -> Sequence[dg.RunRecord]:
    return instance.get_run_records(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=moment),
        order_by="update_timestamp",
        ascending=True,
    )


def _tell_next(alerts: Alerts, channel: str, instance: dg.DagsterInstance, told: _Told) -> None:
    """Tell of the oldest run that has not been told of; of one only, since a tick may not last."""
    for record in _failed_since(instance, told.until - _OVERLAP):
        run, failed_at = record.dagster_run, record.update_timestamp.replace(tzinfo=UTC)
        if run.run_id in told.runs:
            continue
        if is_of_command_line(run):
            told.done(run.run_id, failed_at)
            continue
        text = f"{failure_of(instance, run.run_id)}\n\nRun {run.run_id}"
        send(alerts, channel, f"papers-assets: {run.job_name} failed", text)
        told.done(run.run_id, failed_at)
        return


def failure_of(instance: dg.DagsterInstance, run_id: str) -> str:
    """Give why a run failed: the reasons of its steps, or of its own."""
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


def dead_runs_sensor() -> dg.SensorDefinition:
    """Make the sensor that ends runs of the command line whose process was killed.

    Until then they count as running: others that fetch wait in the queue, and nothing is published.
    """

    @dg.sensor(
        name="end_dead_runs",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Marks runs of `papers run` whose process was killed as failed.",
    )
    def dead_runs(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SkipReason:
        ended = end_dead_runs(context.instance, store.open().locks_folder)
        return dg.SkipReason(f"Runs marked as failed: {', '.join(ended) or 'none'}.")

    return dead_runs


_VALID = "keywords.toml is valid."


def keywords_file_sensor(file: KeywordsFile, home: Path) -> dg.SensorDefinition:
    """Make the sensor, which is on from the start.

    Its cursor is what is wrong with the file, or that nothing is.
    """

    @dg.sensor(
        name="check_keywords_file",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Evaluates the check keywords_file_valid of papers when keywords.toml changes.",
    )
    def check_keywords_file(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        found = checks.keywords_file_valid(read_or_stored(file.path, home))
        state = _VALID if found.passed else found.description
        if state == (context.cursor or _VALID):
            return dg.SkipReason(state)
        evaluation = dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey("papers"),
            check_name=found.name,
            passed=found.passed,
            severity=dg.AssetCheckSeverity[found.severity.name],
            description=found.description,
            metadata=dict(found.numbers),
        )
        return dg.SensorResult(asset_events=[evaluation], cursor=state)

    return check_keywords_file
