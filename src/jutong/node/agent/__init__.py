"""The node's side of the door between the planes: pulls orders, obeys them, pushes receipts."""
