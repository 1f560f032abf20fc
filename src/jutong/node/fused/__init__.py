"""Fused records as people see them at the node: pairs to be judged, entities, conflicts to be put right."""
