"""Rendering of papers for readers: escaping, and the documents around the papers. Pure."""
