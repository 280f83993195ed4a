"""Structured output: tables, SQL, charts, data, drawings, pages and programs."""
