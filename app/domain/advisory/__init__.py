"""The advisory team of the provincial council: who serves on it, by which decision, and for how long."""
