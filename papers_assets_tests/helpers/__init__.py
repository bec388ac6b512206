"""What tests of several modules use: factories, drivers of the UI, fake servers."""
