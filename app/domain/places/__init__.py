"""Places: administrative units with their dates and successors, agencies, public holidays."""
