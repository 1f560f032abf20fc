"""Rules and masks over whole columns: Arrow kernels and numpy on byte views, no row is touched in Python."""
