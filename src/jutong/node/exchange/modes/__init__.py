"""How the rows of a job meet those their target has: what is read, and what is held against it at night."""
