"""The papers of a council: minutes, sheets, summary, report."""

from app.domain.councils.papers.minutes import NoMinutesYet, minutes_data, minutes_paper

__all__ = ["NoMinutesYet", "minutes_data", "minutes_paper"]
