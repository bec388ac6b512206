"""The static site: pages that work from a disk, without a server and without JavaScript. Pure.

`pages` lays out the lists and `days` the archive, `formulas` and `mathml` show mathematics.
The scripts search, filter and mark what is in the page already.
"""

from papers_assets.render.site.days import DAYS, MOST_DAYS, page_name, render_days
from papers_assets.render.site.environment import look
from papers_assets.render.site.pages import (
    MOST_PAPERS,
    Frame,
    NamedPage,
    Site,
    SiteSection,
    render_site,
)

__all__ = [
    "DAYS",
    "MOST_DAYS",
    "MOST_PAPERS",
    "Frame",
    "NamedPage",
    "Site",
    "SiteSection",
    "look",
    "page_name",
    "render_days",
    "render_site",
]
