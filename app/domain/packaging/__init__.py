"""Packaging: artwork that carries the mark (mode A), looked at before it is printed.

Producers may print the mark on the recognised product themselves, without serials. Their artwork is
read by the program (`rules.automatic_checks`), looked at by the agency along a list, and agreed to
under a number. Whether the agreement holds on a day is computed from the certificate, never stored:
`rules.permission_standing`, `queries.permissions_of`.
"""
