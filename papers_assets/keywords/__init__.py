"""Keywords: keywords.toml, queries and matching."""
