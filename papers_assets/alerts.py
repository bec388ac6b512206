"""The sensor that tells somebody when a run failed, once, and until it has reached them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import dagster as dg

from papers_assets.history import is_of_command_line
from papers_assets.messages import AlertError, Alerts, send

_GIVEN_UP_AFTER = timedelta(days=3)
_INTERVAL = 30


@dataclass
class _Told:
    """What has been told: the cursor. Dagster's own failure sensor forgets what it could not."""

    until: datetime
    """Of runs that failed up to then, everybody has been told."""
    run_id: str = ""
    """Of this one, those have been told who are reached by `channels`."""
    channels: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, cursor: str | None, now: datetime) -> "_Told":
        if not cursor:
            return cls(now)  # what failed before the sensor was first on is nobody's news
        told = json.loads(cursor)
        since = max(datetime.fromisoformat(told["until"]), now - _GIVEN_UP_AFTER)
        return cls(since, told["run_id"], told["channels"])

    def write(self) -> str:
        return json.dumps(
            {"until": self.until.isoformat(), "run_id": self.run_id, "channels": self.channels}
        )


def alert_sensor(alerts: Alerts, now: Callable[[], datetime]) -> dg.SensorDefinition:
    """Make the sensor; it is off until `alerts` says whom to tell.

    A message that cannot be sent is tried again every 30 seconds, for 3 days: who has no network
    gets no papers, and no word of it either, before it is back.
    """

    @dg.sensor(
        name="alert_on_failure",
        minimum_interval_seconds=_INTERVAL,
        default_status=dg.DefaultSensorStatus.RUNNING
        if alerts.channels
        else dg.DefaultSensorStatus.STOPPED,
        description=(
            "Tells a webhook (PAPERS_ALERT_WEBHOOK) or people (PAPERS_ALERT_EMAIL, by the server "
            "PAPERS_SMTP_URL) when a run failed, and why. Off until one of them is set."
        ),
    )
    def alert_on_failure(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        if not alerts.channels:
            reason = "Set PAPERS_ALERT_WEBHOOK or PAPERS_ALERT_EMAIL first."
            return dg.SensorResult(skip_reason=reason)
        told = _Told.read(context.cursor, now())
        failed = context.instance.get_run_records(
            dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=told.until),
            order_by="update_timestamp",
            ascending=True,
        )
        try:
            for record in failed:
                if not is_of_command_line(record.dagster_run):
                    _tell(alerts, context.instance, record.dagster_run, told)
                told.until = record.update_timestamp.replace(tzinfo=UTC)
        except AlertError as error:
            context.log.error("%s Trying again.", error)  # noqa: TRY400 - a story
            return dg.SensorResult(skip_reason=f"{error} Trying again.", cursor=told.write())
        return dg.SensorResult(skip_reason=f"{len(failed)} runs failed.", cursor=told.write())

    return alert_on_failure


def _tell(alerts: Alerts, instance: dg.DagsterInstance, run: dg.DagsterRun, told: _Told) -> None:
    if told.run_id != run.run_id:
        told.run_id, told.channels = run.run_id, []
    text = f"{failure_of(instance, run.run_id)}\n\nRun {run.run_id}"
    for channel in alerts.channels:
        if channel not in told.channels:
            send(alerts, channel, f"papers-assets: {run.job_name} failed", text)
            told.channels.append(channel)


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
