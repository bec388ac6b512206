"""Pure transformations of frames and values, without input or output."""
