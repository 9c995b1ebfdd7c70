"""The forty-four points of the security checklist, and what they have in no other place."""
