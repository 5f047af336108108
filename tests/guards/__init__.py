"""Proof that each guard of reliability has a test that fails without it."""
