"""The one way in and out for live calls: signed, decided, recorded, then answered."""
