"""How a node reaches a department's databases: read-only, bounded, one module per dialect."""
