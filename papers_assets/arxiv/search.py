"""Addresses of the search API and its limits. Pure."""

from urllib.parse import urlencode, urlsplit

MAX_PAGE_SIZE = 2000
"""arXiv's limit of results in one answer."""
MAX_RESULTS = 30_000
"""arXiv's limit of results of one query on all pages."""
MAX_REQUEST_LINE = 4094
"""Characters of a request's first line; arXiv's server, gunicorn, answers 400 to a longer one."""
MAX_TERMS = 800
"""Of one query; arXiv's parser fails at a nesting between 900 and 1,000 levels, as measured with
its own code (arxiv-search 764d7eb)."""


def build_request_line(url: str) -> str:
    """Return the first line of a GET request for `url`, as its server reads it."""
    return f"GET {urlsplit(url)._replace(scheme='', netloc='').geturl()} HTTP/1.1"


def build_url(api_url: str, parameters: dict[str, str]) -> str:
    """Return the address of the API at `api_url` with `parameters`."""
    return f"{api_url}?{urlencode(parameters)}"
