"""From papers to the published README: what is escaped, and the document around it. Pure."""
