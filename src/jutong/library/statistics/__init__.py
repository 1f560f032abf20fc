"""Statistics over tables of the library in which no single person or enterprise can be seen."""
