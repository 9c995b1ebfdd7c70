"""Exports: monthly snapshots of the register, the ministry's table, the province's workbooks."""
