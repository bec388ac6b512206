"""What arXiv's OAI-PMH lists, day by day: brought in, kept, and looked through for keywords."""
