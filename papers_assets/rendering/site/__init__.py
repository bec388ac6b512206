"""The static site: pages that work from a disk, without a server and without JavaScript. Pure.

`pages` lays them out, `formulas` and `mathml` show mathematics, `bars` draws papers a day; app.js
only hides and shows what is in the page already.
"""

from papers_assets.rendering.site.pages import MOST_PAPERS, Site, SiteSection, render_site

__all__ = ["MOST_PAPERS", "Site", "SiteSection", "render_site"]
