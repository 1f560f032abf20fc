"""Files that departments put down in a folder, read as tables."""
