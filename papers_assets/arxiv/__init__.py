"""A rate-limited client of arXiv's API and OAI-PMH, and the parsing of their answers."""
