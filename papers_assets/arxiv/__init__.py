"""How to ask arXiv, politely, and what its answers mean."""
