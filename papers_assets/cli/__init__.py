"""The command line interface, `papers`."""

import click

from papers_assets.cli.demo_command import demo
from papers_assets.cli.keywords_commands import add, init
from papers_assets.cli.run_command import run
from papers_assets.cli.server_commands import metrics, sample_arxiv, ui
from papers_assets.cli.show_commands import digest, keywords


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="papers-assets", prog_name="papers")
def main() -> None:
    """Keep a daily list of the newest arXiv papers for each of your keywords.

    keywords.toml names the keywords; docs/configuration.md explains every setting.
    """


for _command in (init, add, keywords, run, demo, ui, digest, metrics, sample_arxiv):
    main.add_command(_command)
