"""Invoices as PDF, drawn by typst from what is published, and from nothing else."""
