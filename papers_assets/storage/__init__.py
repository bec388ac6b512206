"""Where everything is, on disk or in object storage: paths, formats, whole writes, taking turns."""
