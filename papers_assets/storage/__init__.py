"""Files on disk or in object storage: paths, formats, atomic writes and locks."""
