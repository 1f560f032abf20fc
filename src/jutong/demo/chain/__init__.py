"""What follows a catalog in the invented city: needs, agreements, doubts, disputes and everything after a share."""
