#!/usr/bin/env bash
# Partition keys with a slash, such as arXiv ids of before 2007 (hep-th/9901001), DOIs or archives and
# their papers side by side, in Dagster's FilesystemIOManager.
#
# Guess: Dagster accepts such keys, so each partition is kept in a file of its own: what is stored under
#     one key is what is loaded for it.
# What happens: the key becomes a relative path as it is. Materializing "hep-th/9901001" removes the file
#     of the partition "hep-th" (taken for one of an asset that was not partitioned before); both runs
#     succeed and Dagster goes on showing both partitions as materialized, but "hep-th" can no longer be
#     loaded. In the other order the second run fails. "a/b" and "a//b" share one file, so the one is
#     loaded with the value of the other.
# Versions: dagster 1.13.28.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check dagster==1.13.28

cat >slash.py <<'PY'
import logging
import tempfile

import dagster as dg

logging.disable(logging.CRITICAL)


def store_and_load(first: str, second: str) -> None:
    """Materialize two partitions one after the other, then load both."""
    keys = [first, second]

    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(keys))
    def stored(context: dg.AssetExecutionContext) -> str:
        return f"value of {context.partition_key}"

    with tempfile.TemporaryDirectory() as folder, dg.DagsterInstance.ephemeral() as instance:
        files = dg.FilesystemIOManager(base_dir=folder)
        shared = {"instance": instance, "resources": {"io_manager": files}}
        for key in keys:
            run = dg.materialize([stored], partition_key=key, raise_on_error=False, **shared)
            print(f"materialize {key}: {'success' if run.success else 'failure'}")
        print("shown as materialized:", *sorted(instance.get_materialized_partitions(stored.key)))
        definitions = dg.Definitions([stored], resources={"io_manager": files})
        for key in keys:
            try:
                value = definitions.load_asset_value(stored.key, partition_key=key, instance=instance)
            except OSError as error:
                value = type(error).__name__
            print(f"load {key}: {value}")


store_and_load("hep-th", "hep-th/9901001")
store_and_load("hep-th/9901001", "hep-th")
store_and_load("a/b", "a//b")
PY
venv/bin/python -W ignore slash.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
materialize hep-th: success
materialize hep-th/9901001: success
shown as materialized: hep-th hep-th/9901001
load hep-th: IsADirectoryError
load hep-th/9901001: value of hep-th/9901001
materialize hep-th/9901001: success
materialize hep-th: failure
shown as materialized: hep-th/9901001
load hep-th/9901001: value of hep-th/9901001
load hep-th: IsADirectoryError
materialize a/b: success
materialize a//b: success
shown as materialized: a//b a/b
load a/b: value of a//b
load a//b: value of a//b
EXPECTED
