"""The static site: pages that work from a disk, without a server or JavaScript. Pure.

`pages` renders the lists and `days` the archive; `formulas` and `mathml` render mathematics. The
scripts only search, filter and mark what the page already contains.
"""

from papers_assets.render.site.days import DAYS_FOLDER, MAX_DAYS, build_page_name, render_days
from papers_assets.render.site.environment import look_version
from papers_assets.render.site.pages import (
    MAX_PAPERS,
    KeywordPage,
    Site,
    SiteFrame,
    SiteSection,
    render_site,
)

__all__ = [
    "DAYS_FOLDER",
    "MAX_DAYS",
    "MAX_PAPERS",
    "KeywordPage",
    "Site",
    "SiteFrame",
    "SiteSection",
    "build_page_name",
    "look_version",
    "render_days",
    "render_site",
]
