"""COPY's binary form of rows, cut into columns and put together again whole blocks at a time."""
