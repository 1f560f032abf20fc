"""What is done to columns before the rules are asked: Arrow kernels and numpy on buffers, no row touched in Python."""
