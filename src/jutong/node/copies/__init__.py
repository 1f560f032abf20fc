"""Tables of the library copied into a database, for calls that look single rows up."""
