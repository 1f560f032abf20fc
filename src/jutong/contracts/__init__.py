"""Orders and receipts: frozen, versioned, signed documents, the only thing the two planes share."""
