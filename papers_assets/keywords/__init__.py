"""What is followed: the keywords, keywords.toml, queries and matching."""
