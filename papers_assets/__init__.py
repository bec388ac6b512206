"""A daily list of the newest arXiv papers for each of your keywords, kept by Dagster."""
