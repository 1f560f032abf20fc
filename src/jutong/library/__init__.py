"""The unified resource library (统一资源库): Delta tables in folders, proven by content digests."""
