"""Log records as JSON, one object per line, for programs that collect logs.

Imported only on demand, since it needs the extra `json-logs`.
"""

import logging
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter


class JsonLines(JsonFormatter):
    """Formatter of any log record as a line of JSON; can also be used in dagster.yaml.

    Fields: `time` (UTC, ISO 8601), `level`, `logger` and `message`; if known, also `run_id`,
    `step`, `keyword` and `exception` (a traceback).

    Args:
        keywords: names that are recognized as keywords at the beginning of a message.
        run_id: returns the id of the current run; empty: none.
    """

    def __init__(
        self,
        *_: Any,  # logging.config passes them to a formatter configured by "class"
        keywords: Collection[str] = (),
        run_id: Callable[[], str] = str,
    ) -> None:
        super().__init__()
        self._keywords = keywords
        self._run_id = run_id

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Set the fields, in this order."""
        # Dagster adds this to records that are logged in a run.
        of_run = getattr(record, "dagster_meta", None) or {}
        log_data["time"] = datetime.fromtimestamp(record.created, UTC).isoformat()
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        log_data["message"] = of_run.get("orig_message") or record.getMessage()
        event = of_run.get("dagster_event")
        known = {
            "run_id": of_run.get("run_id") or self._run_id(),
            "step": of_run.get("step_key"),
            "keyword": self._keyword(record) or getattr(event, "partition", None),
            "exception": message_dict.get("exc_info") or _find_error(event),
        }
        log_data.update({name: str(value) for name, value in known.items() if value})

    def _keyword(self, record: logging.LogRecord) -> str | None:
        if isinstance(name := getattr(record, "keyword", None), str):
            return name
        # This package logs messages about a keyword in this form.
        if isinstance(record.args, tuple) and record.args and str(record.msg).startswith("%s"):
            first = record.args[0]
            return first if isinstance(first, str) and first in self._keywords else None
        return None


def _find_error(event: Any) -> str | None:
    error = getattr(getattr(event, "event_specific_data", None), "error", None)
    return error.to_string() if error else None
