"""Rights of people over data about them: what is kept and why, requests, export, erasure.

Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15; Nghị định 356/2025/NĐ-CP.
"""
