"""Frames and values to frames and values, without input or output."""
