"""Alembic migrations of the tables, shipped with the package."""
