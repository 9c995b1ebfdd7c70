"""Personal data: the inventory, requests, erasure, retention."""
