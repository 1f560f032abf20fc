"""One need driven through a running platform over its public doors, each step with what proves it."""
