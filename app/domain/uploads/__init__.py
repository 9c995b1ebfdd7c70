"""Files on their way: begun once, continued after every break, from any device, until they are papers."""
