"""Runs on two hosts, by Celery: `python -m papers_assets_tests.reliability.hosts`.

Network namespaces are the hosts; see `cluster`. Runs are spread over both; one is cut off and
killed while it asks arXiv; Redis is killed, emptied, and a worker restarted, each while runs are
under way. It prints what came back by itself, and after how many seconds, and fails if a paper was
lost or arXiv's limit violated. Needs root, `ip` and `redis-server`; six minutes.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from papers_assets.keywords.file import read_keywords_file
from papers_assets_tests.helpers.ui_driver import until
from papers_assets_tests.reliability.cluster import INTERVAL, cluster
from papers_assets_tests.reliability.gate import NOT_HERE
from papers_assets_tests.reliability.namespaces import NoNamespacesError
from papers_assets_tests.reliability.showing import KEYWORDS, NAMES, Show, counted, passed
from papers_assets_tests.reliability.workers import Worker
from papers_assets_tests.reliability.worlds import table

_TERMINATE = """mutation($run: String!, $policy: TerminateRunPolicy!) {
  terminateRun(runId: $run, terminatePolicy: $policy) { __typename } }"""


def spread(show: Show) -> None:
    """Let runs go where there is a place."""
    began = time.monotonic()
    runs = show.launch(NAMES)
    statuses = show.ended(runs)
    show.says("1. four runs: statuses", counted(statuses))
    hosts = [worker.name if (worker := show.host_of(run)) else "?" for run in runs]
    show.says("  on hosts", counted(hosts))
    show.says("  seconds", f"{time.monotonic() - began:.0f}")
    show.expects("not all four runs succeeded", so=set(statuses) == {"SUCCESS"})
    show.expects("runs were not on both hosts", so=set(hosts) == {"a", "b"})
    show.documents_are_right()


def lose_a_host(show: Show) -> None:
    """Pull the plug of the host whose turn it is to ask arXiv."""
    before, since = show.held(), len(show.cluster.arxiv.requests)
    with show.cluster.arxiv.holding():
        runs = show.launch(NAMES)
        until(lambda: show.are(runs, "STARTED"))
        keyword = show.asking(since)
        hosts = {run: show.host_of(run) for run in runs}
        dead = next(hosts[run] for run in runs if show.run(run).keyword == keyword)
        assert dead
        dead.pull_the_plug()
        began = time.monotonic()
        show.cluster.arxiv.ended_with_its_host(since)
    lost = [run for run in runs if hosts[run] is dead]
    others = [run for run in runs if hosts[run] is not dead]
    show.says("2. a host dies while it asks: its runs, the other's", f"{len(lost)}, {len(others)}")
    until(lambda: len(show.cluster.arxiv.requests) > since + 1)
    asked = show.cluster.arxiv.requests[since + 1].started - began
    show.says("  the other asks arXiv after, s", f"{asked:.0f}")
    statuses = show.ended(others)
    show.says("  its runs", f"{counted(statuses)} after {passed(began)}")
    show.expects("the other host did not go on", so=set(statuses) == {"SUCCESS"})
    statuses = show.ended(lost)
    show.says("  the lost runs", f"{counted(statuses)} after {passed(began)}")
    retries = [until(lambda run=run: show.retry_of(run)).id for run in lost]  # type: ignore[misc]
    statuses = show.ended(retries)
    show.says("  started once more", f"{counted(statuses)} after {passed(began)}")
    elsewhere = all(show.host_of(run) not in (dead, None) for run in retries)
    show.expects("a lost run did not succeed on the other host", so=set(statuses) == {"SUCCESS"})
    show.expects("a lost run was started on the dead host", so=elsewhere)
    show.nothing_is_lost(before)
    show.documents_are_right()
    _come_back(show, dead)


def _come_back(show: Show, dead: Worker) -> None:
    began, taken = time.monotonic(), dead.tasks()
    dead.plug_in()
    show.cluster.boot(dead)
    runs = show.launch(NAMES[:3], ["raw_papers"])  # more than the other has places for
    until(lambda: dead.tasks() > taken)
    show.says("  the dead host is back: takes a run after, s", f"{time.monotonic() - began:.0f}")
    show.expects("a run failed after that", so=set(show.ended(runs)) == {"SUCCESS"})


def restart_redis(show: Show) -> None:
    """Kill Redis while a run is under way, launch another one, and start it again."""
    before, since = show.held(), len(show.cluster.arxiv.requests)
    with show.cluster.arxiv.holding():
        [under_way] = show.launch(NAMES[:1], ["raw_papers"])
        show.asking(since)
        show.cluster.queue.kill()
        began = time.monotonic()
        [meanwhile] = show.launch(NAMES[1:2], ["raw_papers"])
        time.sleep(show.away)
        show.cluster.queue.start()
        show.says("3. Redis is killed, and started after, s", f"{time.monotonic() - began:.0f}")
    [status] = show.ended([under_way])
    show.says("  a run that was under way", f"{status} after {passed(began)}")
    show.expects("it failed for that", so=status == "SUCCESS" and not show.retry_of(under_way))
    _follow(show, "  a run that was launched meanwhile", meanwhile, began)
    show.nothing_is_lost(before)


def empty_redis(show: Show) -> None:
    """Let Redis forget everything while a run is under way."""
    before, since = show.held(), len(show.cluster.arxiv.requests)
    with show.cluster.arxiv.holding():
        [run] = show.launch(NAMES[2:3], ["raw_papers"])
        show.asking(since)
        show.cluster.queue.forget()
        began = time.monotonic()
        until(lambda: show.are([run], "FAILURE"))
        show.says("4. Redis forgets all: a run that lives", f"FAILURE after {passed(began)}")
        retry = until(lambda: show.retry_of(run)).id
    statuses = show.ended([retry])
    show.says("  started once more", f"{statuses[0]} after {passed(began)}")
    until(lambda: show.are([run], "SUCCESS"))
    show.says("  the first went on", f"SUCCESS after {passed(began)}")
    show.expects("it was not done in the end", so=statuses == ["SUCCESS"])
    show.nothing_is_lost(before)


def end_runs(show: Show) -> None:
    """Kill the process of a run, and terminate another run as the UI does."""
    since = len(show.cluster.arxiv.requests)
    with show.cluster.arxiv.holding():
        [run] = show.launch(NAMES[:1], ["raw_papers"])
        show.asking(since)
        worker = show.host_of(run)
        assert worker
        worker.kill_runs()
        began = time.monotonic()
    _follow(show, "6. the process of a run is killed", run, began)
    _terminate(show, "7. a run is terminated", "SAFE_TERMINATE")
    _terminate(show, "8. a run is terminated by force", "MARK_AS_CANCELED_IMMEDIATELY")


def _terminate(show: Show, what: str, policy: str) -> None:
    since = len(show.cluster.arxiv.requests)
    with show.cluster.arxiv.holding():
        [run] = show.launch(NAMES[1:2], ["raw_papers"])
        show.asking(since)
        show.cluster.ui.ask(_TERMINATE, run=run, policy=policy)
        began = time.monotonic()
        [status] = show.ended([run])
        show.says(what, f"{status} after {passed(began)}")
        time.sleep(10)  # the daemon has looked twice whether it is to be started once more
        retry = show.retry_of(run)
    show.says("  started once more", f"{show.ended([retry.id])[0]}" if retry else "no")
    show.expects("it went on after all", so=show.run(run).status == status)
    show.expects("somebody terminated it, and it came back", so=policy[0] == "S" or not retry)


def _follow(show: Show, what: str, run: str, began: float) -> None:
    """Say what became of a run, and if it failed, of its repetition."""
    [status] = show.ended([run])
    show.says(what, f"{status} after {passed(began)}")
    if status != "SUCCESS":
        retry = until(lambda: show.retry_of(run)).id
        [status] = show.ended([retry])
        show.says("  started once more", f"{status} after {passed(began)}")
        show.expects(f"{what.strip()}: not done in the end", so=status == "SUCCESS")


def restart_a_worker(show: Show) -> None:
    """Stop a worker as systemd does, while it has a run, and start it again."""
    since = len(show.cluster.arxiv.requests)
    with show.cluster.arxiv.holding():
        [run] = show.launch(NAMES[3:], ["raw_papers"])
        show.asking(since)
        worker = show.host_of(run)
        assert worker
        worker.ask_to_stop()
        time.sleep(3)
        show.expects("the worker did not wait for its run", so=not worker.has_stopped())
    began = time.monotonic()
    [status] = show.ended([run])
    show.says("5. a worker is asked to stop: its run", status)
    until(worker.has_stopped)
    show.says("  it ended after its run, s", f"{time.monotonic() - began:.0f}")
    show.cluster.boot(worker)
    taken = worker.tasks()
    runs = show.launch(NAMES[:3], ["raw_papers"])
    until(lambda: worker.tasks() > taken)
    statuses = show.ended(runs)
    show.says("  started again, it takes runs", counted(statuses))
    show.expects("a run failed for it", so={status, *statuses} == {"SUCCESS"})


def arxivs_limit(show: Show) -> None:
    """Look at all requests that came."""
    server = show.cluster.arxiv
    show.says("requests to arXiv", len(server.requests))
    gap = server.smallest_gap or 0.0
    show.says("  smallest gap, s; most at once", f"{gap:.3f}; {server.peak_open}")
    show.expects("requests came too soon", so=gap >= INTERVAL)
    show.expects("two hosts asked at once", so=server.peak_open == 1)


PARTS = {
    "spread": spread,
    "lose-a-host": lose_a_host,
    "restart-redis": restart_redis,
    "empty-redis": empty_redis,
    "restart-a-worker": restart_a_worker,
    "end-runs": end_runs,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=PARTS, action="append", help="only this; all")
    parser.add_argument("--away", type=float, default=30.0, help="seconds without Redis")
    options = parser.parse_args()
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(KEYWORDS)
        file.flush()
        keywords = read_keywords_file(Path(file.name))
    try:
        with cluster(KEYWORDS, slots=2) as world:
            show = Show(world, keywords, options.away)
            for part in options.part or PARTS:
                PARTS[part](show)
            arxivs_limit(show)
    except NoNamespacesError as error:
        print(error)  # noqa: T201
        sys.exit(NOT_HERE)
    print(table(show.rows))  # noqa: T201
    sys.exit("\n".join(show.wrong) or None)


if __name__ == "__main__":
    main()
