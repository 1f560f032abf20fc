"""No table of its own: Django tells only apps with a models module of finished migrations."""
