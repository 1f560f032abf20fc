"""Files of granted rows: written row by row, each recipient's in an order of its own by which it can be found."""
