"""The library's tables for whoever reads them with a Delta Sharing client.

A share is a grant; the only table in it is the one the grant is on. What is handed out are Parquet files made for that
grant: its columns, its rows, its masks. The table's own files never leave.
"""
