"""The sensor that tells somebody when a run failed, once, and until it has reached them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from papers_assets.history import is_of_command_line
from papers_assets.messages import AlertError, Alerts, send
from papers_assets.settings import SettingsError

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
